/**
 * The feed tells the server what only the editor knows: the whole picture at
 * once, because the server keeps the newest and drops the older.
 */
import { existsSync } from "node:fs";
import * as path from "node:path";
import { keptEnv } from "./allowList";
import { goExtensionFacts, isGoFile, keptSetting, settingKeys } from "./goExtension";
import type { EditorFacts, EditorProblem, FileProblems, SettingsFile } from "./protocol.gen";
import * as api from "./vscodeApi";

/** The `source` of our own diagnostics, which are not fed back. */
export const ourSource = "gophantom";

/**
 * Looks at the editor. storage: a folder below the settings of the user
 * (globalStorageUri). logs: the folder of our logs, which those of others are beside. published is to be the same from look to look. told is
 * what gopls said, undefined if it was not asked.
 */
export function collectFacts(
  { storage, logs }: { storage: string; logs: string },
  env: NodeJS.ProcessEnv = process.env,
  published: Published = new Published(),
  told?: GoplsTold,
): EditorFacts {
  return {
    trusted: api.isTrusted(),
    env: keptEnv(env),
    folders: api.folders(),
    settings: settingsFiles(userSettingsFile(storage)),
    problems: goplsProblems(api.diagnostics(), published),
    dirty: api.dirtyFiles(),
    goExtension: goExtensionFacts(),
    ...told,
    remote: api.remoteName(),
    web: api.isWeb(),
    focused: api.isFocused(),
    logFolder: logs,
    ...fleetEndpoint(),
  };
}

/** What gopls said of itself, with what it said it. */
export type GoplsTold = Pick<EditorFacts, "views" | "viewsAsked" | "modules">;

/** Where counts go. Nobody hears of it where telemetry is off in the editor. */
function fleetEndpoint(): { fleetEndpoint?: string } {
  const endpoint = api.setting<string>("gophantom.fleet.endpoint", "");
  return endpoint === "" || !api.isTelemetryOn() ? {} : { fleetEndpoint: endpoint };
}

/**
 * The settings file of the user's profile, "" if there is none: the editor
 * keeps it beside the global storage of extensions. In a remote window it
 * usually is on the other machine.
 */
function userSettingsFile(storage: string): string {
  const file = path.join(storage, "..", "..", "settings.json");
  return existsSync(file) ? file : "";
}

/** What each scope says about Go, the weakest scope first. */
function settingsFiles(userFile: string): SettingsFile[] {
  const folders = api.folders();
  const inFolder = (folder: string) => path.join(folder, ".vscode", "settings.json");
  const files = [settingsFile("user", userFile)];
  const workspace = api.codeWorkspace();
  if (workspace !== undefined) {
    files.push(settingsFile("workspace", workspace));
    files.push(...folders.map((folder) => settingsFile("folder", inFolder(folder), folder)));
  } else if (folders[0] !== undefined) {
    // Without a .code-workspace there is one folder, and its settings are the workspace's.
    files.push(settingsFile("workspace", inFolder(folders[0])));
  }
  return files;
}

function settingsFile(scope: "user" | "workspace" | "folder", file: string, folder?: string): SettingsFile {
  const values: { [key: string]: unknown } = {};
  for (const key of settingKeys) {
    const value = api.inspectSetting(key, folder)[scope];
    if (value !== undefined) {
      values[key] = keptSetting(key, value);
    }
  }
  return { scope, file, folder: folder ?? "", values };
}

/** Remembers which version of each document its problems were published for. */
export class Published {
  private known = new Map<string, { items: api.Diagnostic[]; version: number | null }>();

  /** The versions for these problems. Items that are not the same objects as before were published anew. */
  versions(problems: [file: string, items: api.Diagnostic[]][]): Map<string, number | null> {
    const now: typeof this.known = new Map();
    for (const [file, items] of problems) {
      const before = this.known.get(file);
      const same = before?.items.length === items.length && before.items.every((d, i) => d === items[i]);
      now.set(file, before && same ? before : { items, version: api.documentVersion(file) });
    }
    this.known = now;
    return new Map([...now].map(([file, { version }]) => [file, version]));
  }
}

/** The problems of Go files that are not our own, in the order of files. */
function goplsProblems(diagnostics: [string, api.Diagnostic[]][], published: Published): FileProblems[] {
  const theirs = diagnostics
    .filter(([file]) => isGoFile(file))
    .map(([file, items]): [string, api.Diagnostic[]] => [file, items.filter((d) => d.source !== ourSource)])
    .filter(([, items]) => items.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const versions = published.versions(theirs);
  return theirs.map(([file, items]) => ({
    file,
    items: items.map(editorProblem),
    version: api.documentVersion(file),
    published: versions.get(file) ?? null,
  }));
}

function editorProblem(d: api.Diagnostic): EditorProblem {
  return {
    startLine: d.range.start.line,
    startChar: d.range.start.character,
    endLine: d.range.end.line,
    endChar: d.range.end.character,
    severity: d.severity + 1, // the editor counts from 0, LSP from 1
    source: d.source ?? "",
    code: String(typeof d.code === "object" ? d.code.value : (d.code ?? "")),
    message: d.message,
  };
}

/** Changes are gathered for this long before the server hears of them. */
const debounceMillis = 200;
/**
 * When to look for what nobody announces, after something that may bring it
 * about: another extension becomes active, or writes `process.env`. After the
 * last look nothing is left that could wake us.
 */
const pausesMillis: readonly number[] = [250, 500, 1000, 2000, 4000, 8000];

/**
 * Sends the picture when it changed. A picture that equals the last one is not
 * sent again, so listeners may fire as often as they like.
 */
export class Feed {
  private sent = "";
  private timer: NodeJS.Timeout | undefined;
  private later: NodeJS.Timeout | undefined;
  private readonly listeners: api.Disposable[];

  constructor(
    private readonly collect: () => EditorFacts,
    private readonly send: (facts: EditorFacts) => void,
  ) {
    this.listeners = [
      api.onDidChangeEditor(() => this.changed()),
      api.onDidChangeTelemetry(() => this.changed()),
      api.onDidChangeSetting("gophantom.fleet.endpoint", () => this.changed()),
      api.onDidStirExtensions(() => {
        this.changed();
        this.lookAgain();
      }),
    ];
    this.sendNow();
  }

  /** Sends the picture at once, changed or not: somebody waits for it, after something that stirs other extensions. */
  sendNow(): void {
    const facts = this.collect();
    this.sent = JSON.stringify(facts);
    this.send(facts);
    this.lookAgain();
  }

  /** The first change starts the clock and later ones do not move it: typing must not hold back the picture. */
  changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, debounceMillis);
  }

  dispose(): void {
    clearTimeout(this.timer);
    clearTimeout(this.later);
    for (const listener of this.listeners) {
      listener.dispose();
    }
  }

  private look(): void {
    const facts = this.collect();
    const text = JSON.stringify(facts);
    if (text !== this.sent) {
      this.sent = text;
      this.send(facts);
    }
  }

  /** Looks after each of the pauses, from the first one on. */
  private lookAgain(pauses = pausesMillis): void {
    clearTimeout(this.later);
    const [pause, ...rest] = pauses;
    if (pause === undefined) {
      this.later = undefined;
      return;
    }
    this.later = setTimeout(() => {
      this.look();
      this.lookAgain(rest);
    }, pause);
  }
}
