import type { ExtensionContext } from "vscode";
import { createClient } from "./client";
import { registerCommands } from "./commands";
import { EnvironmentTree } from "./environmentTree";
import type { Status } from "./protocol.gen";
import { SessionManager } from "./session";
import { createLog, type Event } from "./vscodeApi";

/** What activate returns to tests and to other extensions. */
export interface Api {
  /** The newest status of the server; undefined before the first and while no server runs. */
  status(): Status | undefined;
  readonly onDidChangeStatus: Event<Status | undefined>;
  /** How long activation took. The server starts afterwards. */
  readonly activationMillis: number;
}

let manager: SessionManager | undefined;

export function activate(context: ExtensionContext): Api {
  const begin = performance.now();
  const log = createLog("Go Phantom");
  const sessions = new SessionManager({
    extensionPath: context.extensionPath,
    version: context.extension.packageJSON.version,
    storage: context.globalStorageUri.fsPath,
    logs: context.logUri.fsPath,
    log,
    createClient,
  });
  manager = sessions;
  const tree = new EnvironmentTree(sessions, log);
  context.subscriptions.push(log, tree, registerCommands(sessions, tree, log));
  setImmediate(() => sessions.start()); // other extensions wait for us to be activated, and nobody for the server
  const activationMillis = performance.now() - begin;
  log.info(`Activated in ${activationMillis.toFixed(1)} ms.`);
  return {
    status: () => sessions.status(),
    onDidChangeStatus: sessions.onDidChangeStatus,
    activationMillis,
  };
}

export async function deactivate(): Promise<void> {
  await manager?.dispose();
}
