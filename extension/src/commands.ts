/**
 * The commands. Those that the server offers have the same id here, so that a
 * code action of the server and the palette take the same way: with progress,
 * and with the result presented.
 */
import type { EnvironmentTree } from "./environmentTree";
import { ourSource } from "./feed";
import type { CureResult, RouteCommand, TreeNode } from "./protocol.gen";
import { ReportPanel } from "./reportPanel";
import type { SessionManager } from "./session";
import { actionsOf } from "./status";
import { escapeLabel, escapeMessage, messageOf } from "./text";
import * as api from "./vscodeApi";

/** Registers every command; disposing it takes them away. */
export function registerCommands(manager: SessionManager, tree: EnvironmentTree, log: api.Log): api.Disposable {
  const commands = new Commands(manager, log);
  /** The line of the view that a command is about: that of the menu, or the one that is selected. */
  const line = (node: unknown) => (node as TreeNode | undefined) ?? tree.selected();
  const table: { [id: string]: (...args: unknown[]) => unknown } = {
    "gophantom.cure": () => commands.cure("gophantom.cure", []),
    "gophantom.fix": (fix) => commands.cure("gophantom.fix", [fix]),
    "gophantom.undo": (cure) => commands.cure("gophantom.undo", typeof cure === "string" ? [{ cure }] : []),
    "gophantom.check": () => commands.check(),
    "gophantom.explain": (subject) => commands.explain(subject),
    "gophantom.probe": (route) => commands.probe(route),
    "gophantom.bisect": (document) => commands.bisect(document),
    "gophantom.record": (place) => commands.record(place),
    "gophantom.route": (route) => commands.route(route),
    "gophantom.showRoute": () => commands.route(undefined),
    "gophantom.compareEnvironments": () => tree.reveal("environments"),
    "gophantom.showHistory": () => tree.reveal("history"),
    "gophantom.copyReport": () => commands.copyReport(),
    "gophantom.showFleet": () => commands.showFleet(),
    "gophantom.item.cure": (node) => commands.cureItem(line(node)),
    "gophantom.item.explain": (node) => commands.explain(line(node)?.explain),
    "gophantom.item.reveal": (node) => commands.revealItem(line(node)),
    "gophantom.item.undo": (node) => commands.undoItem(line(node)),
    "gophantom.showReport": () => commands.report.show(),
    "gophantom.showActions": () => commands.showActions(),
    "gophantom.showLog": () => log.show(),
    "gophantom.restartServer": () => manager.restart(),
  };
  const registered = Object.entries(table).map(([id, handler]) => api.registerCommand(id, handler));
  return {
    dispose() {
      for (const command of registered) {
        command.dispose();
      }
      commands.dispose();
    },
  };
}

class Commands {
  private readonly documents = api.createMarkdownDocuments("gophantom");
  readonly report: ReportPanel;
  private curing = false;
  private undoable = false;
  private readonly statuses: api.Disposable;

  constructor(
    private readonly manager: SessionManager,
    private readonly log: api.Log,
  ) {
    this.report = new ReportPanel(manager, log);
    // A cure may have been carried out before the server or the editor was restarted.
    this.statuses = manager.onDidChangeStatus((status) => {
      if (status !== undefined) {
        this.setUndoable(status.undoable);
      }
    });
  }

  dispose(): void {
    this.statuses.dispose();
    this.report.dispose();
    this.documents.dispose();
  }

  /** Runs a cure, a fix or an undo, and presents how it went. Only one runs at a time. */
  async cure(command: string, args: unknown[]): Promise<CureResult | undefined> {
    if (this.curing) {
      api.flash(`$(info) ${api.t("Go Phantom is already at it.")}`);
      return undefined;
    }
    this.curing = true;
    try {
      const result = (await this.execute(api.t("Curing"), command, args)) as CureResult | undefined;
      if (result !== undefined) {
        this.present(result);
      }
      return result;
    } finally {
      this.curing = false;
    }
  }

  /** Runs the fix of a line of the view. */
  async cureItem(node: TreeNode | undefined): Promise<void> {
    if (node?.fix === undefined) {
      api.flash(`$(info) ${api.t("Select a line that can be cured.")}`);
      return;
    }
    await this.cure("gophantom.fix", [node.fix]);
  }

  async undoItem(node: TreeNode | undefined): Promise<void> {
    if (node?.undo === undefined) {
      api.flash(`$(info) ${api.t("Select a cure that can be undone.")}`);
      return;
    }
    await this.cure("gophantom.undo", [{ cure: node.undo }]);
  }

  async revealItem(node: TreeNode | undefined): Promise<void> {
    if (node?.location !== undefined) {
      await this.orFailure("gophantom.item.reveal", () =>
        api.openAt(node.location?.uri ?? "", node.location?.line ?? 0),
      );
    }
  }

  /** route: {uri?, module} from a code lens; otherwise the user is asked for the module. */
  async route(route: unknown): Promise<void> {
    const module = (route as RouteCommand | undefined)?.module ?? (await this.askModule());
    if (module === undefined || module === "") {
      return;
    }
    const argument = { ...(route as RouteCommand | undefined), module };
    const text = await this.execute(api.t("Following the route"), "gophantom.route", [argument]);
    if (typeof text === "string") {
      await this.documents.show("route", text);
    }
  }

  private async askModule(): Promise<string | undefined> {
    const module = await api.input(
      api.t("Show Module Route"),
      api.t("{0} or {1}", "example.com/team/lib", "example.com/team/lib@v1.2.3"),
      "",
    );
    return module?.trim();
  }

  /** Shows what would be sent to the team's collector. */
  async showFleet(): Promise<void> {
    const text = await this.execute(api.t("Reporting"), "gophantom.fleet", []);
    if (typeof text === "string") {
      await this.documents.show("fleet", text);
    }
  }

  /** Puts all that was found on the clipboard, without credentials. */
  async copyReport(): Promise<void> {
    const text = await this.execute(api.t("Reporting"), "gophantom.redacted", []);
    if (typeof text === "string") {
      await api.copy(text);
      api.flash(
        `$(clippy) ${api.t("The report is on the clipboard. Credentials are replaced; read it before you post it.")}`,
      );
    }
  }

  async check(): Promise<unknown> {
    return this.execute(api.t("Checking"), "gophantom.check", []);
  }

  /** subject: {rule} or {uri, line} from a code action; otherwise the problem is looked for where the cursor is. */
  async explain(subject: unknown): Promise<void> {
    if (isAbout(subject)) {
      await this.page(api.t("Explaining"), "gophantom.explain", subject, "problem");
      return;
    }
    const rule = ruleOf(subject) ?? (await this.pickRule());
    if (rule === undefined) {
      return;
    }
    const text = await this.execute(api.t("Explaining"), "gophantom.explain", [{ rule }]);
    if (typeof text === "string") {
      await this.documents.show(rule, text);
    }
  }

  /** route: {uri, module?} from a code action. The user may stop it, as servers may let us wait. */
  async probe(route: unknown): Promise<void> {
    await this.page(api.t("Asking servers"), "gophantom.probe", route, "probe");
  }

  /** document: {uri} from a code action. The user may stop it, as go runs several times. */
  async bisect(document: unknown): Promise<void> {
    await this.page(api.t("Finding the guilty variables"), "gophantom.bisect", document, "bisect");
  }

  /** place: {uri, line, message?} of a problem, from a code action. */
  async record(place: unknown): Promise<void> {
    await this.page(api.t("Recording"), "gophantom.record", place, "record");
  }

  /** Runs a command about a document, which the user may stop, and shows the page that it answers. */
  private async page(title: string, command: string, about: unknown, name: string): Promise<void> {
    if (!isAbout(about)) {
      return;
    }
    const text = await this.executeStoppable(title, command, [about]);
    if (typeof text === "string") {
      await this.documents.show(name, text);
    }
  }

  async showActions(): Promise<void> {
    const state = this.manager.currentState();
    const items = actionsOf(state, this.undoable).map((action) => ({
      label: `$(${action.icon}) ${escapeLabel(action.title)}`,
      ...(action.detail === undefined ? {} : { detail: action.detail }),
      command: action.command,
    }));
    const headline = this.manager.status()?.headline || "Go Phantom";
    const picked = await api.pick(items, state.kind === "stopped" ? state.why : headline);
    if (picked !== undefined) {
      await api.executeCommand(picked.command);
    }
  }

  /** Runs a command of the server. A failure is one notification, because the user asked for it. */
  private async execute(title: string, command: string, args: unknown[]): Promise<unknown> {
    return this.orFailure(command, () =>
      api.withProgress(`Go Phantom: ${title}`, (report) => this.manager.execute(command, args, report)),
    );
  }

  /** The same for a command that the user may stop; it then resolves with undefined. */
  private async executeStoppable(title: string, command: string, args: unknown[]): Promise<unknown> {
    return this.orFailure(command, () =>
      api.withStoppableProgress(`Go Phantom: ${title}`, (report, stop) =>
        this.manager.execute(command, args, report, stop),
      ),
    );
  }

  private async orFailure(command: string, run: () => Promise<unknown>): Promise<unknown> {
    try {
      return await run();
    } catch (error) {
      this.log.error(`${command} failed: ${messageOf(error)}`);
      void this.notify(`Go Phantom: ${messageOf(error)}`, {
        [api.t("Show Log")]: () => this.log.show(),
        [api.t("Restart Server")]: () => this.manager.restart(),
      });
      return undefined;
    }
  }

  private present(result: CureResult): void {
    this.log.info(`Cure: ${result.outcome} in ${result.millis} ms. ${result.message}`);
    this.setUndoable(result.undoable);
    switch (result.outcome) {
      case "cured":
        api.flash(`$(pass) ${escapeLabel(result.message)}`);
        break;
      case "not-cured":
        void this.notify(
          result.message,
          result.next === "" ? {} : { [result.next]: () => this.cure("gophantom.cure", []) },
        );
        break;
      case "by-hand": // too long for the status bar, and to be read while doing it
        api.inform(escapeMessage(result.message));
        break;
      case "undone":
        api.flash(`$(discard) ${escapeLabel(result.message)}`);
        break;
      default:
        api.flash(`$(info) ${escapeLabel(result.message)}`);
    }
  }

  /** Shows one notification. buttons: what each does, by title. It waits for nobody. */
  private async notify(message: string, buttons: { [title: string]: () => unknown }): Promise<void> {
    const pressed = await api.warn(escapeMessage(message), ...Object.keys(buttons));
    if (pressed !== undefined) {
      await buttons[pressed]?.();
    }
  }

  private setUndoable(undoable: boolean): void {
    if (undoable === this.undoable) {
      return;
    }
    this.undoable = undoable;
    api.setContext("gophantom.undoable", undoable);
  }

  private async pickRule(): Promise<string | undefined> {
    const { here, everywhere } = api.problemsInView();
    const near = rulesOf(here);
    const rules = near.size > 0 ? near : rulesOf(everywhere);
    if (rules.size <= 1) {
      const [only] = rules.keys();
      if (only === undefined) {
        api.flash(`$(info) ${api.t("Go Phantom shows no problem to explain.")}`);
      }
      return only;
    }
    const items = [...rules].map(([rule, message]) => ({ label: rule, detail: escapeLabel(message) }));
    return (await api.pick(items, api.t("Which problem?")))?.label;
  }
}

/** Our problems by rule, each with one of its messages. */
function rulesOf(problems: api.Diagnostic[]): Map<string, string> {
  const rules = new Map<string, string>();
  for (const { source, code, message } of problems) {
    const rule = typeof code === "object" ? code.value : code;
    if (source === ourSource && typeof rule === "string") {
      rules.set(rule, message);
    }
  }
  return rules;
}

/** Whether an argument of a command names a document. */
function isAbout(subject: unknown): boolean {
  return typeof (subject as { uri?: unknown } | null | undefined)?.uri === "string";
}

function ruleOf(subject: unknown): string | undefined {
  const rule = (subject as { rule?: unknown } | null | undefined)?.rule;
  return typeof rule === "string" ? rule : undefined;
}
