/**
 * The language client: the only file that knows vscode-languageclient. One
 * client speaks to one process of the server, once.
 */
import * as path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CloseAction,
  CodeLensRequest,
  type DynamicFeature,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  ShowMessageRequest,
  type StaticFeature,
  TransportKind,
  WorkDoneProgress,
} from "vscode-languageclient/node";
import type { Tree } from "./protocol.gen";
import type { Client, ClientEvents } from "./session";
import { messageOf } from "./text";
import { type Log, onDidChangeSetting, openDocuments, setting, t } from "./vscodeApi";

/** A server that has not answered `initialize` by then never will. */
const startMillis = 30_000;
const stopMillis = 2000;

const codeLensSetting = "gophantom.codeLens";

/** The parts of a link that runs the command for the page of a rule. */
function explaining(rule: string) {
  return {
    scheme: "command",
    authority: "",
    path: "gophantom.explain",
    query: JSON.stringify([{ rule }]),
    fragment: "",
  };
}

const documentSelector = [
  { scheme: "file", language: "go" },
  { scheme: "file", pattern: "**/go.{mod,work,sum}" },
  { scheme: "file", pattern: "**/settings.json" },
  { scheme: "vscode-userdata", pattern: "**/settings.json" }, // the user's, as VS Code opens them
  { scheme: "file", pattern: "**/*.code-workspace" },
  { scheme: "file", pattern: "**/go/env" }, // what `go env -w` writes
  // Lines that set variables or credentials, which problems point to.
  { scheme: "file", pattern: "**/go.env" },
  { scheme: "file", pattern: "**/.vscode/launch.json" },
  { scheme: "file", pattern: "**/.{profile,bash_profile,bash_login,bashrc,zshenv,zprofile,zshrc,zlogin}" },
  { scheme: "file", pattern: "**/*.fish" },
  { scheme: "file", pattern: "**/{.netrc,_netrc,.gitconfig,.envrc}" },
];

/** Makes the client of one server process; nothing runs before start. */
export function createClient(program: string, events: ClientEvents, log: Log): Client {
  let wanted = true;
  const ended = (why: string) => {
    if (wanted) {
      wanted = false;
      events.onEnd(why);
    }
  };
  const client = new QuietClient(
    "gophantom",
    "Go Phantom",
    {
      command: program,
      args: ["lsp"],
      transport: TransportKind.stdio,
      // Not the workspace: it may be deleted while we run.
      options: { cwd: path.dirname(program) },
    },
    {
      documentSelector,
      middleware: {
        // The page of a rule is ours to show, without a network.
        handleDiagnostics: (uri, diagnostics, next) => {
          for (const { code } of diagnostics) {
            if (typeof code === "object") {
              code.target = code.target.with(explaining(String(code.value)));
            }
          }
          next(uri, diagnostics);
        },
        provideCodeLenses: (document, token, next) =>
          setting(codeLensSetting, false) ? next(document, token) : undefined,
      },
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: events.initOptions,
      initializationFailedHandler: () => false,
      stdioOptions: {
        stdout: () => {}, // stdout is the protocol
        stderr: (input, channel) => {
          createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => logLine(channel, line));
        },
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          ended(t("The server ended."));
          return {
            action: CloseAction.DoNotRestart,
            handled: true,
            message: t("The connection to the server is closed."),
          };
        },
      },
    },
  );
  client.onNotification("gophantom/status", events.onStatus);
  client.onRequest("gophantom/editorAction", events.onEditorAction);
  client.onRequest(ShowMessageRequest.type, async ({ message, actions = [] }) => {
    const title = await events.onQuestion(
      message,
      actions.map((action) => action.title),
    );
    return actions.find((action) => action.title === title) ?? null;
  });

  const lenses = onDidChangeSetting(codeLensSetting, () => {
    for (const document of openDocuments()) {
      client.getFeature(CodeLensRequest.method).getProvider(document)?.onDidChangeCodeLensEmitter.fire();
    }
  });

  let requests = 0;
  let starting: Promise<void> | undefined;
  return {
    async start() {
      const overdue = setTimeout(() => {
        ended(t("The server did not answer within {0} seconds.", startMillis / 1000));
        client.serverProcess?.kill("SIGKILL");
      }, startMillis);
      starting = client.start();
      try {
        await starting;
      } catch (error) {
        ended(t("The server could not be started: {0}", messageOf(error)));
        throw error;
      } finally {
        clearTimeout(overdue);
      }
    },
    async stop() {
      wanted = false;
      lenses.dispose();
      // The library cannot stop a client that is starting.
      await Promise.race([starting?.catch(() => {}), sleep(stopMillis)]);
      const server = client.serverProcess;
      try {
        if (client.isRunning()) {
          await client.dispose(stopMillis);
          return;
        }
      } catch (error) {
        log.warn(`The server did not stop in order: ${messageOf(error)}`);
      }
      server?.kill("SIGKILL");
    },
    sendFacts(facts) {
      client.sendNotification("gophantom/editorFacts", facts).catch((error: unknown) => {
        log.warn(`The server was not told the facts: ${messageOf(error)}`);
      });
    },
    tree: () => client.sendRequest<Tree>("gophantom/tree", {}),
    async execute(command, args, report, stop) {
      const workDoneToken = `gophantom-${++requests}`;
      const progress = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
        if (value.kind !== "end" && value.message !== undefined) {
          report(value.message);
        }
      });
      try {
        return await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args, workDoneToken }, stop);
      } finally {
        progress.dispose();
      }
    },
    environmentReport(uri) {
      return client.sendRequest("gophantom/environmentReport", uri === undefined ? {} : { uri });
    },
  };
}

/**
 * A language client that says what it has to say in the log: the state of the
 * server shows in the status bar. It also leaves the commands of the server
 * to commands.ts, which registers the same ids: they exist as long as the
 * extension, show progress and present the result.
 */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the signature of the library
  override registerFeature(feature: StaticFeature | DynamicFeature<any>): void {
    if (!("registrationType" in feature && feature.registrationType.method === ExecuteCommandRequest.method)) {
      super.registerFeature(feature);
    }
  }
}

/** Puts a line of the server's structured log into the log of the editor at its own level. */
function logLine(log: Log, line: string): void {
  const level = /\blevel"?[=:]"?(\w+)/i.exec(line)?.[1]?.toLowerCase();
  if (level === "debug" || level === "info" || level === "warn") {
    log[level](line);
  } else {
    log.error(line);
  }
}
