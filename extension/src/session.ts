import { editorActionKinds, runEditorAction } from "./editorActions";
import { collectFacts, Feed, type GoplsTold, Published } from "./feed";
import { goplsModules, goplsViews } from "./goExtension";
import type {
  EditorAction,
  EditorActionResult,
  EditorFacts,
  EnvironmentReportResult,
  InitOptions,
  Status,
  Tree,
  View,
} from "./protocol.gen";
import { RestartPolicy } from "./restarts";
import { type ServerChoice, serverProgram, whyNotRunnable } from "./server";
import { type State, StatusView } from "./status";
import { escapeMessage, messageOf } from "./text";
import * as api from "./vscodeApi";

/** One connection to one server process. */
export interface Client {
  /** Resolves when the server is ready. A failure is told by onEnd as well. */
  start(): Promise<void>;
  /** Ends the server; no event comes afterwards. */
  stop(): Promise<void>;
  sendFacts(facts: EditorFacts): void;
  /** Runs a command of the server; report gets what it says meanwhile, and stop ends it. */
  execute(command: string, args: unknown[], report: (message: string) => void, stop?: api.Stop): Promise<unknown>;
  /** What the view shows. */
  tree(): Promise<Tree>;
  /** The environment report of the folder that a document is in; without one, of the first folder. */
  environmentReport(uri: string | undefined): Promise<EnvironmentReportResult>;
}

/** What a client tells, and is told at the start. */
export interface ClientEvents {
  initOptions: InitOptions;
  onStatus(status: Status): void;
  onEditorAction(action: EditorAction): Promise<EditorActionResult>;
  /** Asks the user; resolves with one of the answers, or undefined if it was dismissed. */
  onQuestion(message: string, answers: string[]): Promise<string | undefined>;
  /** The server ended, or never came up, without being asked to. Comes at most once. */
  onEnd(why: string): void;
}

/** What the extension is given by the editor and by extension.ts. */
export interface Surroundings {
  extensionPath: string;
  /** Of the extension. */
  version: string;
  /** Absolute path of the folder for global storage. */
  storage: string;
  /** Absolute path of the folder for our logs. */
  logs: string;
  log: api.Log;
  createClient(program: string, events: ClientEvents, log: api.Log): Client;
}

/**
 * How long after a change gopls has heard of it, in milliseconds, if it hears of
 * it at all. The server counts on 2 s.
 */
const hearingMillis = 3000;

/** The time of one running server, and all that makes sense only then. */
class Session {
  private feed: Feed | undefined;
  /** What gopls said of itself, and which processes of gopls ran then. */
  private told: GoplsTold = {};
  private gopls = "";
  private asked = 0;
  /** There are phantoms, and which events the server had when they were seen. */
  private phantoms = false;
  private events = "";
  private soon: NodeJS.Timeout | undefined;
  private readonly listeners: api.Disposable[] = [];
  private readonly client: Client;
  private ended = false;

  constructor(
    readonly program: string,
    private readonly around: Surroundings,
    onStatus: (status: Status) => void,
    onEnd: (why: string) => void,
  ) {
    const events: ClientEvents = {
      initOptions: { editorActions: editorActionKinds, editorName: api.appName(), codeLens: true },
      onStatus: (status) => {
        onStatus(status);
        const gopls = (status.gopls ?? []).join(" ");
        if (gopls !== this.gopls) {
          this.gopls = gopls;
          void this.askViews(gopls === "" ? undefined : goplsViews());
        }
        this.phantoms = status.counts.phantom > 0;
        if (this.phantoms && status.events !== this.events) {
          this.events = status.events;
          this.askSoon();
        }
      },
      onEditorAction: async (action) => {
        around.log.info(`The server asks for the editor action ${action.kind}.`);
        const result = await runEditorAction(action);
        if (!result.ok) {
          around.log.warn(`The editor action ${action.kind} failed: ${result.error}`);
        }
        if (result.ok && action.kind === "reloadGopls") {
          await this.askViews(goplsViews([])); // it has new ones
        }
        // Before the answer, so that the server judges the new picture.
        this.feed?.sendNow();
        return result;
      },
      onQuestion: (message, answers) => {
        const [title = "", ...details] = message.split("\n\n");
        // Without details, they stand in an editor, which a dialog would cover.
        return details.length === 0
          ? api.askBeside(escapeMessage(title), answers)
          : api.ask(title, details.join("\n\n"), answers);
      },
      onEnd,
    };
    this.client = around.createClient(program, events, around.log);
  }

  async start(): Promise<void> {
    await this.client.start();
    if (!this.ended) {
      const published = new Published();
      this.feed = new Feed(
        () => collectFacts(this.around, process.env, published, this.told),
        (facts) => this.client.sendFacts(facts),
      );
      this.listeners.push(...["go", "gopls"].map((section) => api.onDidChangeSetting(section, () => this.askSoon())));
    }
  }

  async execute(
    command: string,
    args: unknown[],
    report: (message: string) => void,
    stop?: api.Stop,
  ): Promise<unknown> {
    if (command === "gophantom.check") {
      await this.askViews(goplsViews([]));
      this.feed?.sendNow();
    }
    return this.client.execute(command, args, report, stop);
  }

  tree(): Promise<Tree> {
    return this.client.tree();
  }

  environmentReport(): Promise<EnvironmentReportResult> {
    return this.client.environmentReport(api.activeFile());
  }

  /** Takes over what gopls says of its views, unless it was asked again since. */
  private async askViews(answer: Promise<View[] | undefined> | undefined): Promise<void> {
    const round = ++this.asked;
    const views = await answer;
    // Where all is green, nobody needs to know of modules.
    const modules = views !== undefined && this.phantoms ? await goplsModules() : undefined;
    if (round === this.asked && !this.ended) {
      const more = modules === undefined ? {} : { modules };
      this.told = views === undefined ? {} : { views, viewsAsked: round, ...more };
      this.feed?.changed();
    }
  }

  /** Asks for the views once gopls has heard of what changed: if it took a setting, it has new ones. */
  private askSoon(): void {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => void this.askViews(goplsViews([])), hearingMillis);
  }

  /** Takes down what stands on the client, and the client itself if it still runs. */
  async end(): Promise<void> {
    this.ended = true;
    clearTimeout(this.soon);
    for (const listener of this.listeners) {
      listener.dispose();
    }
    this.feed?.dispose();
    await this.client.stop();
  }
}

/**
 * Lives as long as the extension. It keeps one session running: starts it,
 * starts it again when the server ends, and gives up with a clear state.
 */
export class SessionManager {
  private session: Session | undefined;
  private state: State = { kind: "starting" };
  private timer: NodeJS.Timeout | undefined;
  private disposed = false;
  private readonly restarts = new RestartPolicy(Date.now);
  private readonly view = new StatusView();
  private readonly statusEmitter = api.createEmitter<Status | undefined>();
  private readonly listeners: api.Disposable[];

  /** Fires with the newest status of the server; undefined when there is none. */
  readonly onDidChangeStatus = this.statusEmitter.event;

  constructor(private readonly around: Surroundings) {
    const programMayHaveChanged = () => {
      if (this.session?.program !== this.program()) {
        void this.restart();
      }
    };
    this.listeners = [
      api.onDidChangeSetting("gophantom.server.path", programMayHaveChanged),
      api.onDidGrantTrust(programMayHaveChanged),
      api.onDidChangeSetting("gophantom.statusBar", () => this.view.show(this.state)),
    ];
    api.setContext("gophantom.active", true);
  }

  /** Starts the server if none runs. Never throws: what fails shows in the state. */
  start(): void {
    if (this.session !== undefined || this.disposed) {
      return;
    }
    clearTimeout(this.timer);
    const program = this.program();
    const fault = whyNotRunnable(program, this.choice());
    if (fault !== undefined) {
      this.around.log.error(fault);
      this.setState({ kind: "stopped", why: fault });
      return;
    }
    this.around.log.info(`Starting ${program}.`);
    this.setState({ kind: "starting" });
    const session: Session = new Session(
      program,
      this.around,
      (status) => {
        if (this.session === session) {
          this.setState({ kind: "running", status });
        }
      },
      (why) => this.serverEnded(session, why),
    );
    this.session = session;
    session.start().then(
      () => {
        if (this.session === session && this.state.kind === "starting") {
          this.setState({ kind: "running", status: undefined });
        }
      },
      (error: unknown) => this.serverEnded(session, messageOf(error)),
    );
  }

  /** Starts afresh because somebody asked, forgiving earlier failures. */
  async restart(): Promise<void> {
    this.restarts.reset();
    this.setState({ kind: "starting" });
    await this.stop();
    this.start();
  }

  /** Runs a command of the server; rejects if none runs. */
  async execute(
    command: string,
    args: unknown[],
    report: (message: string) => void = () => {},
    stop?: api.Stop,
  ): Promise<unknown> {
    return this.ask((session) => session.execute(command, args, report, stop));
  }

  /** The newest environment report; rejects if no server runs. */
  async environmentReport(): Promise<EnvironmentReportResult> {
    return this.ask((session) => session.environmentReport());
  }

  private async ask<T>(question: (session: Session) => Promise<T>): Promise<T> {
    const session = this.session;
    if (session === undefined || this.state.kind !== "running") {
      throw new Error(api.t("The server is not running."));
    }
    try {
      return await question(session);
    } catch (error) {
      throw this.session === session ? error : new Error(api.t("The server ended before it answered."));
    }
  }

  /** What the view shows; rejects if no server runs. */
  async tree(): Promise<Tree> {
    return this.ask((session) => session.tree());
  }

  currentState(): State {
    return this.state;
  }

  /** The newest status of the running server. */
  status(): Status | undefined {
    return this.state.kind === "running" ? this.state.status : undefined;
  }

  /** Stops the server for good. */
  async dispose(): Promise<void> {
    this.disposed = true;
    for (const listener of this.listeners) {
      listener.dispose();
    }
    await this.stop();
    this.view.dispose();
    this.statusEmitter.dispose();
  }

  private program(): string {
    return serverProgram(this.choice());
  }

  private choice(): ServerChoice {
    const { extensionPath, version } = this.around;
    const { platform, arch, env } = process;
    const [setting, trusted] = [api.setting("gophantom.server.path", ""), api.isTrusted()];
    return { setting, trusted, extensionPath, version, platform, arch, env };
  }

  private async stop(): Promise<void> {
    clearTimeout(this.timer);
    const session = this.session;
    this.session = undefined;
    await session?.end();
  }

  private serverEnded(session: Session, why: string): void {
    if (this.session !== session) {
      return;
    }
    this.session = undefined;
    void session.end();
    this.around.log.error(why);
    const wait = this.restarts.recordEnd();
    if (wait === undefined) {
      this.setState({
        kind: "stopped",
        why: api.t(
          "The server ended again and again, so it is not started any more. The log tells why; Restart Server tries once more.",
        ),
      });
      return;
    }
    this.setState({ kind: "restarting", seconds: Math.round(wait / 1000) });
    this.timer = setTimeout(() => this.start(), wait);
  }

  private setState(state: State): void {
    const before = this.status();
    this.state = state;
    this.view.show(state);
    if (this.status() !== before) {
      this.statusEmitter.fire(this.status());
    }
  }
}
