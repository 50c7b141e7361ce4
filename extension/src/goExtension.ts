/**
 * Everything we know about the official Go extension, golang.go. It owns gopls,
 * and it shares `process.env` with us: it copies that into every tool it
 * starts, which makes `process.env` both an observation and a lever.
 */
import * as path from "node:path";
import { isKept } from "./allowList";
import type { GoExtensionFacts, LoadedModule, View } from "./protocol.gen";
import * as api from "./vscodeApi";

const ids = ["golang.go", "golang.go-nightly"];
const restartCommand = "go.languageserver.restart";
/** A command of gopls; it exists while gopls runs. */
const viewsCommand = "gopls.views";
const modulesCommand = "gopls.modules";

/** A command of gopls that hands a message to it as if it came from its client; gopls 0.21 is the first with it. */
const dispatchCommand = "gopls.lsp";
const installCommand = "go.tools.install";
/** What `go.tools.install` has to know of gopls: it takes the tool as the Go extension describes it, not its name. */
const goplsTool = {
  name: "gopls",
  importPath: "golang.org/x/tools/gopls",
  modulePath: "golang.org/x/tools/gopls",
  description: "Language Server from Google",
  isImportant: true,
};

/** The settings that decide in which environment the Go extension, gopls and terminals run. */
export const settingKeys = [
  "go.alternateTools",
  "go.buildFlags",
  "go.buildTags",
  "go.gopath",
  "go.goroot",
  "go.inferGopath",
  "go.languageServerFlags",
  "go.terminal.activateEnvironment",
  "go.testEnvFile",
  "go.testEnvVars",
  "go.toolsEnvVars",
  "go.toolsGopath",
  "go.useLanguageServer",
  "gopls",
  "http.proxy",
  "terminal.integrated.env.linux",
  "terminal.integrated.env.osx",
  "terminal.integrated.env.windows",
  "terminal.integrated.inheritEnv",
] as const;

/** Settings, and members of the setting gopls, whose own members are environment variables. */
const holdsVariables = new Set<string>([
  "go.testEnvVars",
  "go.toolsEnvVars",
  "terminal.integrated.env.linux",
  "terminal.integrated.env.osx",
  "terminal.integrated.env.windows",
  "build.env",
  "env",
]);

/** The value of a setting without the variables that must not leave the editor. */
export function keptSetting(key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return value;
  }
  const members = Object.entries(value);
  if (holdsVariables.has(key)) {
    return Object.fromEntries(members.filter(([name]) => isKept(name)));
  }
  return key === "gopls"
    ? Object.fromEntries(members.map(([name, member]) => [name, keptSetting(name, member)]))
    : value;
}

/** Where problems of Go code show. */
export function isGoFile(file: string): boolean {
  return file.endsWith(".go") || ["go.mod", "go.work", "go.sum"].includes(path.basename(file));
}

/** What the Go extension says about itself; null if none is installed and enabled. */
export function goExtensionFacts(): GoExtensionFacts | null {
  const extension = installed();
  if (extension === undefined) {
    return null;
  }
  const manifest: unknown = extension.packageJSON;
  return {
    version: String((manifest as { version?: unknown } | null)?.version ?? ""),
    active: extension.isActive,
    useLanguageServer: api.setting("go.useLanguageServer", true),
    go: extension.isActive ? toolPath(extension.exports, "go") : "",
    gopls: extension.isActive ? toolPath(extension.exports, "gopls") : "",
  };
}

/** How patient restartGopls is, in milliseconds. */
export interface Patience {
  /** Pauses between looking for the command, which is missing while the extension starts. */
  pauses: readonly number[];
  /** How long the restart itself may take. */
  restart: number;
}

const patience: Patience = { pauses: [100, 200, 400, 800, 1600, 3200], restart: 60_000 };

/**
 * Restarts gopls through the Go extension and waits until it runs again.
 * Rejects with a sentence for people when that is not possible.
 */
export async function restartGopls(p: Patience = patience): Promise<void> {
  const extension = installed();
  if (extension === undefined) {
    throw new Error(api.t("The Go extension is not installed or not enabled, so it cannot restart gopls."));
  }
  if (!extension.isActive) {
    await extension.activate();
  }
  for (const pause of p.pauses) {
    if (await api.commandExists(restartCommand)) {
      const late = api.t("The Go extension did not restart gopls within {0} seconds.", p.restart / 1000);
      await withDeadline(api.executeCommand(restartCommand), p.restart, late);
      return;
    }
    await sleep(pause);
  }
  throw new Error(
    api.t("The Go extension does not offer the command {0}, so gopls was not restarted.", restartCommand),
  );
}

/** How long gopls may take to load a folder, in milliseconds: as long as go list does. */
const reloadMillis = 120_000;

/**
 * Has gopls load workspace folders anew, without a restart: each is taken from
 * it and given back, after which it has a new view. Resolves when they are
 * loaded, and rejects with a sentence for people when that is not possible. A
 * command of gopls that fails shows the user a message of its own, so it is not
 * run where it would.
 *
 * A gopls that happens to look at its documents while it has no folder warns
 * that they belong to none, and keeps that until it is told of a change; so it
 * is told of one.
 */
export async function reloadGopls(
  folders: readonly { uri: string; name: string }[],
  pauses: readonly number[] = [100, 200, 400, 800],
): Promise<void> {
  if (!installed()?.isActive) {
    throw new Error(api.t("The Go extension is not installed or has not started, so gopls cannot be reached."));
  }
  for (const pause of [0, ...pauses]) {
    await sleep(pause);
    if (await api.commandExists(dispatchCommand)) {
      const before = orphans();
      for (const { uri, name } of folders) {
        const change = { event: { removed: [{ uri, name }], added: [{ uri, name }] } };
        await withDeadline(
          api.executeCommand(dispatchCommand, { method: "workspace/didChangeWorkspaceFolders", param: change }),
          reloadMillis,
          api.t("gopls did not load {0} within {1} seconds.", name, reloadMillis / 1000),
        );
      }
      const changes = [...orphans()].filter((uri) => !before.has(uri)).map((uri) => ({ uri, type: 2 }));
      if (changes.length > 0) {
        const param = { changes };
        await withDeadline(
          api.executeCommand(dispatchCommand, { method: "workspace/didChangeWatchedFiles", param }),
          viewsMillis,
        );
      }
      return;
    }
    if (await api.commandExists(viewsCommand)) {
      throw new Error(
        api.t("This gopls does not offer the command {0}, which gopls v0.21.0 is the first with.", dispatchCommand),
      );
    }
  }
  throw new Error(api.t("gopls does not run, so it cannot load anything anew."));
}

/** The URIs of the documents of which gopls says that they belong to no folder that it has loaded. */
function orphans(): Set<string> {
  const warned = api
    .diagnostics()
    .filter(([, items]) =>
      items.some(({ source, message }) => source === "go list" && message.startsWith("No active builds contain")),
    );
  return new Set(warned.map(([file]) => api.uriOf(file)));
}

/** How long building gopls may take, in milliseconds. */
const installMillis = 600_000;

/**
 * Has the Go extension download, build and install gopls, which it then starts.
 * Resolves when that is over: whether it succeeded the Go extension tells nobody
 * but the user.
 */
export async function installGopls(millis = installMillis): Promise<void> {
  if (!installed()?.isActive) {
    throw new Error(api.t("The Go extension is not installed or has not started, so it cannot install gopls."));
  }
  if (!(await api.commandExists(installCommand))) {
    throw new Error(
      api.t("The Go extension does not offer the command {0}, so gopls was not installed.", installCommand),
    );
  }
  const late = api.t("The Go extension did not install gopls within {0} minutes.", millis / 60_000);
  await withDeadline(api.executeCommand(installCommand, [goplsTool]), millis, late);
}

/** How long gopls may take to tell its views, in milliseconds. */
const viewsMillis = 5000;

/**
 * The views of gopls, undefined if it does not tell. gopls is asked only if it
 * offers the command, for a failed one would show the user a message. pauses:
 * how long to wait for the command to appear, between looking for it.
 */
export async function goplsViews(pauses: readonly number[] = patience.pauses): Promise<View[] | undefined> {
  if (!api.isTrusted() || !installed()?.isActive) {
    return undefined;
  }
  for (const pause of [0, ...pauses]) {
    await sleep(pause);
    if (await api.commandExists(viewsCommand)) {
      try {
        return viewsOf(await withDeadline(api.executeCommand(viewsCommand), viewsMillis));
      } catch {
        return undefined;
      }
    }
  }
  return undefined;
}

/** The views in an answer of gopls, whose folders are URIs; undefined if it is none. */
function viewsOf(answer: unknown): View[] | undefined {
  if (!Array.isArray(answer)) {
    return undefined;
  }
  return answer.map((view: { [member: string]: unknown }) => ({
    id: String(view.ID ?? ""),
    type: String(view.Type ?? ""),
    root: api.pathOf(String(view.Root ?? "")),
    folder: api.pathOf(String(view.Folder ?? "")),
  }));
}

/**
 * The main modules that gopls has loaded in the folders of the window, undefined
 * if it does not tell. It is not asked where the command would fail, which the
 * Go extension tells the user: on a go.mod that cannot be parsed.
 */
export async function goplsModules(): Promise<LoadedModule[] | undefined> {
  const broken = api
    .diagnostics()
    .some(
      ([file, items]) => isGoFile(file) && !file.endsWith(".go") && items.some((d) => d.severity === errorSeverity),
    );
  if (broken || !(await api.commandExists(modulesCommand))) {
    return undefined;
  }
  const modules: LoadedModule[] = [];
  try {
    for (const folder of api.folders()) {
      const answer: unknown = await withDeadline(
        api.executeCommand(modulesCommand, { Dir: api.uriOf(folder), MaxDepth: -1 }),
        viewsMillis,
      );
      const told = (answer as { Modules?: unknown } | undefined)?.Modules;
      if (!Array.isArray(told)) {
        return undefined;
      }
      modules.push(
        ...told.map((module: { [member: string]: unknown }) => ({
          path: String(module.Path ?? ""),
          goMod: api.pathOf(String(module.GoMod ?? "")),
        })),
      );
    }
  } catch {
    return undefined;
  }
  return modules;
}

/** What the editor calls an error, as vscode.DiagnosticSeverity counts. */
const errorSeverity = 0;

/** Removes variables from the environment that the Go extension hands to its tools. */
export function unsetEnv(names: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  for (const name of names) {
    delete env[name];
  }
}

/** Sets variables there. */
export function setEnv(values: { [name: string]: string }, env: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value] of Object.entries(values)) {
    env[name] = value;
  }
}

function installed() {
  for (const id of ids) {
    const extension = api.extension(id);
    if (extension !== undefined) {
      return extension;
    }
  }
  return undefined;
}

/** Asks the exported API; a tool that was not found is answered with its bare name or "". */
function toolPath(exports: unknown, tool: string): string {
  try {
    const settings = (exports as GoExtensionApi | undefined)?.settings;
    const found = settings?.getExecutionCommand?.(tool)?.binPath;
    return typeof found === "string" && path.isAbsolute(found) ? found : "";
  } catch {
    return "";
  }
}

interface GoExtensionApi {
  settings?: { getExecutionCommand?(tool: string): { binPath?: unknown } | undefined };
}

async function withDeadline<T>(
  work: Promise<T>,
  millis: number,
  late = api.t("There was no answer in time."),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late)), millis);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
