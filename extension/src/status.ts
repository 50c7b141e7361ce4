/** How the state of Go Phantom looks: one status-bar item and one language status. */
import type { Status } from "./protocol.gen";
import { escapeLabel, escapeMarkdown, escapeMessage } from "./text";
import * as api from "./vscodeApi";

/** The state of the extension as a whole. */
export type State =
  | { kind: "starting" }
  | { kind: "running"; status: Status | undefined }
  | { kind: "restarting"; seconds: number }
  | { kind: "stopped"; why: string };

/** When the status-bar item is visible: the setting gophantom.statusBar. */
export type Visibility = "always" | "problems" | "never";

/** Something that can be done now. */
export interface Action {
  icon: string;
  /** May be text of the server. */
  title: string;
  detail?: string;
  command: string;
}

interface Look {
  /** One icon; every state has its own, so that none depends on colour. */
  icon: string;
  /** A few words; never text of the server. */
  words: string;
  /** One sentence; may be text of the server. */
  headline: string;
  severity: "information" | "warning" | "error";
  background: "none" | "warning" | "error";
  busy: boolean;
  /** There is something to know or to do. */
  important: boolean;
}

const calm = { severity: "information", background: "none", busy: false, important: false } as const;

function lookOf(state: State): Look {
  switch (state.kind) {
    case "starting":
      return {
        ...calm,
        icon: "rocket",
        words: api.t("starting"),
        headline: api.t("The server is starting."),
        busy: true,
      };
    case "restarting":
      return {
        ...calm,
        icon: "debug-restart",
        words: api.t("restarting"),
        headline: api.t("The server ended. It is started again in {0} s.", state.seconds),
        severity: "warning",
        busy: true,
        important: true,
      };
    case "stopped":
      return {
        icon: "circle-slash",
        words: api.t("stopped"),
        headline: state.why,
        severity: "error",
        background: "error",
        busy: false,
        important: true,
      };
    case "running":
      return state.status === undefined ? warmingUp(api.t("Looking for the first time.")) : judged(state.status);
  }
}

function warmingUp(headline: string): Look {
  return { ...calm, icon: "loading~spin", words: api.t("warming up"), headline, busy: true };
}

function judged(status: Status): Look {
  if (!status.trusted) {
    return {
      ...calm,
      icon: "shield",
      words: api.t("untrusted"),
      headline: status.headline || api.t("Nothing is run until you trust the workspace."),
      important: true,
    };
  }
  if (!status.ready && status.snapshot === 0) {
    return warmingUp(status.headline || api.t("Looking for the first time."));
  }
  const look = healthLook(status);
  // While it looks again, the last answer stays in sight.
  return status.ready ? look : { ...look, icon: "sync~spin", words: api.t("{0}, checking", look.words), busy: true };
}

function healthLook({ health, counts, headline }: Status): Look {
  switch (health) {
    case "ok":
      return { ...calm, icon: "pass", words: api.t("ok"), headline: headline || api.t("No problem found.") };
    case "warning":
      return {
        ...calm,
        icon: "warning",
        words: worst(counts) ?? api.t("warning"),
        headline,
        severity: "warning",
        background: counts.phantom > 0 ? "warning" : "none",
        important: true,
      };
    case "error":
      return {
        ...calm,
        icon: "error",
        words: worst(counts) ?? api.t("error"),
        headline,
        severity: "error",
        background: "warning",
        important: true,
      };
    default:
      return {
        ...calm,
        icon: "question",
        words: api.t("unknown"),
        headline: headline || api.t("Go Phantom could not decide."),
        severity: "warning",
        important: true,
      };
  }
}

function worst(counts: Status["counts"]): string | undefined {
  if (counts.phantom > 0) {
    return phantoms(counts.phantom);
  }
  if (counts.errors > 0) {
    return counts.errors === 1 ? api.t("1 error") : api.t("{0} errors", counts.errors);
  }
  if (counts.warnings > 0) {
    return counts.warnings === 1 ? api.t("1 warning") : api.t("{0} warnings", counts.warnings);
  }
  return undefined;
}

function phantoms(count: number): string {
  return count === 1 ? api.t("1 phantom") : api.t("{0} phantoms", count);
}

/** What can be done now, the best cure first. */
export function actionsOf(state: State, undoable: boolean): Action[] {
  const status = state.kind === "running" ? state.status : undefined;
  const actions: Action[] = [];
  if (status?.trusted === false) {
    actions.push({ icon: "shield", title: api.t("Manage Workspace Trust"), command: "workbench.trust.manage" });
  }
  if (status?.trusted && status.cure !== "") {
    actions.push({ icon: "wand", title: status.cure, detail: api.t("The best cure"), command: "gophantom.cure" });
  }
  if (state.kind === "running") {
    actions.push({ icon: "refresh", title: api.t("Check Now"), command: "gophantom.check" });
    actions.push({ icon: "list-tree", title: api.t("Compare Environments"), command: "gophantom.compareEnvironments" });
    actions.push({ icon: "graph", title: api.t("Show Environment Report"), command: "gophantom.showReport" });
    if (undoable) {
      actions.push({ icon: "discard", title: api.t("Undo Last Cure"), command: "gophantom.undo" });
    }
    actions.push({ icon: "history", title: api.t("Show History"), command: "gophantom.showHistory" });
    actions.push({ icon: "clippy", title: api.t("Copy Redacted Report"), command: "gophantom.copyReport" });
  }
  actions.push({ icon: "output", title: api.t("Show Log"), command: "gophantom.showLog" });
  const restart = { icon: "debug-restart", title: api.t("Restart Server"), command: "gophantom.restartServer" };
  return state.kind === "stopped" ? [restart, ...actions] : [...actions, restart];
}

/** How the state looks in the status bar. */
export function statusItemLook(state: State, visibility: Visibility, undoable = false): api.StatusItemLook {
  const look = lookOf(state);
  const status = state.kind === "running" ? state.status : undefined;
  const actions = actionsOf(state, undoable);
  const links = actions.map(({ title, command }) => `[${escapeMarkdown(title)}](command:${command})`);
  const details = [...(status?.details ?? []), ...factsOf(status)].map((detail) => `- ${escapeMarkdown(detail)}`);
  return {
    text: `$(${look.icon}) Go Phantom: ${look.words}`,
    tooltip: [
      `**Go Phantom: ${escapeMarkdown(look.words)}**`,
      escapeMarkdown(look.headline),
      details.join("\n"),
      links.join(" · "),
    ]
      .filter((part) => part !== "")
      .join("\n\n"),
    tooltipCommands: actions.map(({ command }) => command),
    accessibilityLabel: `Go Phantom: ${look.words}. ${look.headline}`.trim(),
    background: look.background,
    visible: visibility === "always" || (visibility === "problems" && look.important),
  };
}

/** What a tooltip tells beside the details of the server, one sentence each. */
function factsOf(status: Status | undefined): string[] {
  if (status === undefined || status.snapshot === 0) {
    return [];
  }
  const { phantom, real, unknown } = status.counts;
  const sync: { [sync: string]: string } = {
    yes: api.t("gopls has the environment of your shell, as far as it matters to Go."),
    no: api.t("gopls does not have the environment of your shell."),
  };
  return [
    api.t("Problems of gopls: {0}, {1} real, {2} not decided.", phantoms(phantom), real, unknown),
    sync[status.sync] ?? api.t("Whether gopls has the environment of your shell is not known."),
    // The time, not how long ago: nothing counts the seconds of a tooltip that stands.
    ...(status.checked === "" ? [] : [api.t("Last checked at {0}.", new Date(status.checked).toLocaleTimeString())]),
  ];
}

/** How the state looks in the language status of Go files. */
export function languageStatusLook(state: State): api.LanguageStatusLook {
  const look = lookOf(state);
  return {
    text: `Go Phantom: ${look.words}`,
    detail: escapeMessage(escapeLabel(look.headline)),
    severity: look.severity,
    busy: look.busy,
  };
}

/** Shows a state in every place that shows states. */
export class StatusView {
  private readonly item: api.Look<api.StatusItemLook>;
  private readonly language: api.Look<api.LanguageStatusLook>;

  constructor() {
    const command = "gophantom.showActions";
    const selector = [{ language: "go" }, { pattern: "**/go.{mod,work,sum}" }];
    this.item = api.createStatusItem("gophantom.status", "Go Phantom", command);
    this.language = api.createLanguageStatus("gophantom.status", "Go Phantom", selector, {
      command,
      title: api.t("Actions"),
    });
  }

  show(state: State): void {
    const status = state.kind === "running" ? state.status : undefined;
    const visibility = api.setting<Visibility>("gophantom.statusBar", "always");
    this.item.show(statusItemLook(state, visibility, status?.undoable));
    this.language.show(languageStatusLook(state));
    api.setContext("gophantom.running", state.kind === "running");
    api.setContext("gophantom.curable", Boolean(status?.trusted && status.cure));
  }

  dispose(): void {
    this.item.dispose();
    this.language.dispose();
  }
}
