/**
 * Everything we know about the official Go extension, golang.go. It owns gopls,
 * and it shares `process.env` with us: it copies that into every tool it
 * starts, which makes `process.env` both an observation and a lever.
 */
import * as path from "node:path";
import type { GoExtensionFacts } from "./protocol.gen";
import * as api from "./vscodeApi";

const ids = ["golang.go", "golang.go-nightly"];
const restartCommand = "go.languageserver.restart";

/** The settings that decide in which environment the Go extension and gopls run. */
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
] as const;

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
    throw new Error("The Go extension is not installed or not enabled, so it cannot restart gopls.");
  }
  if (!extension.isActive) {
    await extension.activate();
  }
  for (const pause of p.pauses) {
    if (await api.commandExists(restartCommand)) {
      return await withDeadline(api.executeCommand(restartCommand), p.restart);
    }
    await sleep(pause);
  }
  throw new Error(`The Go extension does not offer the command ${restartCommand}, so gopls was not restarted.`);
}

/**
 * Removes variables from the environment that the Go extension hands to its
 * tools, and returns what they were (null: not set).
 */
export function unsetEnv(names: readonly string[], env: NodeJS.ProcessEnv = process.env): Previous {
  const previous = snapshot(names, env);
  for (const name of names) {
    delete env[name];
  }
  return previous;
}

/** Sets variables there, and returns what they were (null: not set). */
export function setEnv(values: { [name: string]: string }, env: NodeJS.ProcessEnv = process.env): Previous {
  const previous = snapshot(Object.keys(values), env);
  for (const [name, value] of Object.entries(values)) {
    env[name] = value;
  }
  return previous;
}

type Previous = { [name: string]: string | null };

function snapshot(names: readonly string[], env: NodeJS.ProcessEnv): Previous {
  return Object.fromEntries(names.map((name) => [name, env[name] ?? null]));
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

async function withDeadline(work: Promise<unknown>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`The Go extension did not restart gopls within ${millis / 1000} seconds.`));
    }, millis);
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
