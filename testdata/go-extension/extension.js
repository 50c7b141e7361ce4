// The stand-in for golang.go: README.md beside this file says what it reproduces and why.

const { execFile } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const vscode = require("vscode");
const { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn } = require("vscode-languageclient/node");

const windows = process.platform === "win32";
const pathName = windows && "Path" in process.env ? "Path" : "PATH";

/** What `go env` says once a start; it keeps its value if it is set already. */
const copiedFromGoEnv = ["GOPATH", "GOPROXY", "GOBIN", "GOMODCACHE"];

/** Settings whose change restarts gopls. go.goroot, go.gopath and http.proxy are not among them: that is the original's gap. */
const restartSettings = [
  "go.useLanguageServer",
  "go.languageServerFlags",
  "go.alternateTools",
  "go.toolsEnvVars",
  "go.formatTool",
];

/** Settings whose change copies the output of `go env` again. */
const goEnvSettings = ["go.goroot", "go.alternateTools", "go.gopath", "go.toolsEnvVars", "go.testEnvFile"];

const maxCrashes = 5;

let log;
let serverLog;
let status;
let terminalEnv;
let launchPath;
let currentGoroot = "";
let client;
let crashes = 0;
let starting = Promise.resolve();
const found = new Map();

async function activate(context) {
  log = vscode.window.createOutputChannel("Go", { log: true });
  serverLog = vscode.window.createOutputChannel("gopls (server)", { log: true });
  terminalEnv = context.environmentVariableCollection;
  status = vscode.window.createStatusBarItem("go.status", vscode.StatusBarAlignment.Right);
  status.name = "Go";
  status.command = "go.environment.status";
  context.subscriptions.push(log, serverLog, status);

  applyGoroot();
  await copyGoEnv();

  const command = (id, run) => context.subscriptions.push(vscode.commands.registerCommand(id, run));
  command("go.languageserver.restart", (reason = "manual") => restart(reason));
  command("go.environment.status", () => vscode.window.showQuickPick([status.text]));
  command("go.tools.install", (tools) => install(tools));
  command("go.gopath", () => shown("GOPATH", gopath()));
  command("go.goroot", () => shown("GOROOT", goroot()));

  await restart("activation");
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (restartSettings.some((name) => change.affectsConfiguration(name))) {
        void vscode.commands.executeCommand("go.languageserver.restart", "config change");
      }
    }),
    // A second, independent listener, as in the original: gopls may start before the new PATH stands.
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("go.goroot")) {
        applyGoroot();
      }
      if (goEnvSettings.some((name) => change.affectsConfiguration(name))) {
        await copyGoEnv().catch((error) => log.error(String(error)));
      }
    }),
  );

  return {
    isPreview: false,
    settings: { getExecutionCommand: (tool, resource) => ({ binPath: tryFind(tool, { resource }).file }) },
  };
}

function deactivate() {
  return client?.stop(2000);
}

function shown(name, value) {
  void vscode.window.showInformationMessage(`Current ${name}: ${value}`);
  return value;
}

// ---- The environment of tools -----------------------------------------------------------------------------------------------------

/** Without a resource the active editor's settings count, whichever editor that is. */
function goConfig(resource) {
  return vscode.workspace.getConfiguration("go", resource ?? activeUri() ?? null);
}

function activeUri() {
  return vscode.window.activeTextEditor?.document.uri;
}

function toolEnvironment(resource) {
  const env = { ...process.env };
  for (const [name, value] of Object.entries(goConfig(resource).get("toolsEnvVars") ?? {})) {
    env[name] = typeof value === "string" ? expand(value) : value;
  }
  const proxy = vscode.workspace.getConfiguration("http", null).get("proxy");
  if (proxy) {
    for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"]) {
      env[name] = proxy;
    }
  }
  const chosen = gopath(resource);
  if (chosen) {
    env.GOPATH = chosen;
  }
  if (env.GOFLAGS?.includes("-json")) {
    env.GOFLAGS = env.GOFLAGS.replace(/(^|\s+)-?-json\S*/g, "");
  }
  return env;
}

/** Expands ${env:X} (unset: nothing), ${workspaceFolder} and its kin, and a ~ in front. */
function expand(text) {
  let value = text.replace(/\$\{env:([^}]+)\}/g, (_, name) => process.env[name.trim()] || "");
  const folder = workspaceFolder(activeUri());
  if (folder) {
    value = value
      .replace(/\$\{workspaceFolder\}|\$\{workspaceRoot\}/g, folder)
      .replace(/\$\{workspaceFolderBasename\}/g, path.basename(folder));
  }
  return value.startsWith("~") ? path.join(os.homedir(), value.slice(1)) : value;
}

function workspaceFolder(uri) {
  const folder = uri && vscode.workspace.getWorkspaceFolder(uri);
  return (folder ?? vscode.workspace.workspaceFolders?.[0])?.uri.fsPath;
}

function gopath(resource) {
  const config = goConfig(resource);
  const configured = config.get("gopath");
  return (
    (config.get("inferGopath") && inferredGopath(resource)) ||
    (configured && expand(configured)) ||
    process.env.GOPATH ||
    ""
  );
}

/** The directory that holds the outermost src/ above the workspace, unless it holds a go.mod. */
function inferredGopath(resource) {
  const segments = (workspaceFolder(resource ?? activeUri()) ?? "").split(path.sep);
  const src = segments.lastIndexOf("src");
  const dir = src > 0 ? segments.slice(0, src).join(path.sep) : "";
  if (!dir || fs.existsSync(path.join(dir, "go.mod"))) {
    return "";
  }
  const before = process.env.GOPATH;
  return before && before !== dir ? dir + path.delimiter + before : dir;
}

function applyGoroot() {
  const configured = goConfig().get("goroot");
  const dir = configured && expand(configured);
  if (dir && fs.existsSync(dir)) {
    // A setting that is taken away again changes nothing until the extension host restarts.
    process.env.GOROOT = dir;
  } else if (dir) {
    void vscode.window.showWarningMessage(`go.goroot setting is ignored. ${dir} is not a valid GOROOT directory.`);
  }
}

/** Runs `go env` and leaves its answer in the process.env that all extensions share. */
async function copyGoEnv() {
  const { file, why } = tryFind("go", { cached: false });
  if (!path.isAbsolute(file)) {
    void vscode.window.showErrorMessage('The "go" command is not available.');
    throw new Error("no go command");
  }
  const answer = JSON.parse(await output(file, ["env", "-json", "GOROOT", ...copiedFromGoEnv]));
  currentGoroot = answer.GOROOT?.trim() || currentGoroot;
  for (const name of copiedFromGoEnv) {
    if (!process.env[name] && answer[name]?.trim()) {
      process.env[name] = answer[name].trim();
    }
  }
  if (why === "path") {
    terminalEnv.delete(pathName);
  } else {
    prependPath(path.join(goroot(), "bin"));
  }
  const version = (await output(file, ["env", "GOVERSION"])).trim();
  status.text = `Go ${version.replace(/^go/, "")}`;
  status.show();
}

/**
 * `go install`, in the environment of tools, as the original does it: what fails is for the log, never for the caller, and
 * a new gopls is started. It takes tools as objects.
 */
async function install(tools) {
  for (const { name, importPath, version } of tools ?? []) {
    try {
      await output(tryFind("go").file, ["install", "-v", `${importPath}@${version ?? "latest"}`]);
    } catch (error) {
      log.error(`${name}: failed to install: ${error}`);
      continue;
    }
    if (name === "gopls") {
      void vscode.commands.executeCommand("go.languageserver.restart", "installation");
    }
  }
}

function output(file, args) {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env: toolEnvironment(), cwd: workspaceFolder(activeUri()) }, (error, stdout, stderr) =>
      error ? reject(new Error(`${file} ${args.join(" ")}: ${stderr || error.message}`)) : resolve(stdout),
    );
  });
}

function prependPath(dir) {
  if (!goConfig().get("terminal.activateEnvironment")) {
    return; // also for gopls, not only for terminals
  }
  launchPath ??= process.env[pathName] ?? "";
  terminalEnv.prepend(pathName, dir + path.delimiter, { applyAtProcessCreation: true, applyAtShellIntegration: true });
  process.env[pathName] = [dir, ...launchPath.split(path.delimiter).filter((entry) => entry !== dir)].join(
    path.delimiter,
  );
}

// ---- Which binary -----------------------------------------------------------------------------------------------------------------

function goroot() {
  return currentGoroot || process.env.GOROOT || "";
}

/** Answers {file, why}; file is the bare name when the tool is nowhere, "" for go itself. */
function tryFind(tool, { resource, cached = true } = {}) {
  const config = goConfig(resource);
  const setting = config.get("alternateTools")?.[tool];
  const alternate = setting && expand(setting);
  if (alternate && path.isAbsolute(alternate) && executable(alternate)) {
    return remember(tool, alternate, "alternateTool");
  }
  if (cached && found.has(tool)) {
    return { file: found.get(tool), why: "cached" };
  }
  const name = alternate && !path.isAbsolute(alternate) ? alternate : tool;
  const configuredGoroot = tool === "go" && config.get("goroot");
  const toolsGopath = config.get("toolsGopath");
  const places = [
    ["gobin", [process.env.GOBIN]],
    ["gopath", tool === "go" ? [] : [...bins(toolsGopath && expand(toolsGopath)), ...bins(gopath(resource))]],
    ["goroot", bins(configuredGoroot ? expand(configuredGoroot) : goroot())],
    ["path", (process.env[pathName] ?? "").split(path.delimiter)],
    [
      "default",
      tool === "go" ? (windows ? ["C:\\Program Files\\Go\\bin"] : ["/usr/local/go/bin", "/usr/local/bin"]) : [],
    ],
  ];
  for (const [why, dirs] of places) {
    for (const dir of dirs) {
      const file = dir && path.join(dir, windows ? `${name}.exe` : name);
      if (file && executable(file)) {
        return remember(tool, file, name === tool ? why : "alternateTool");
      }
    }
  }
  return { file: tool === "go" ? "" : tool, why: "missing" };
}

function bins(list) {
  return (list || "").split(path.delimiter).map((dir) => dir && path.join(dir, "bin"));
}

function remember(tool, file, why) {
  found.set(tool, file);
  return { file, why };
}

function executable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

// ---- gopls ------------------------------------------------------------------------------------------------------------------------

/** Resolves when the new gopls has started or could not: errors go to the log, never to the caller. */
function restart(reason) {
  starting = starting.then(async () => {
    log.info(`Try to start language server - ${reason}`);
    try {
      await startGopls();
    } catch (error) {
      log.error(`Error starting language server: ${error}`);
    }
  });
  return starting;
}

async function startGopls() {
  crashes = 0;
  const old = client;
  client = undefined;
  if (old) {
    old.diagnostics?.clear();
    // Not awaited: for a moment the old process lives on and the gopls.* commands do not exist.
    old.stop(2000).catch((error) => log.error(`Failed to stop client: ${error}`));
  }
  const config = goConfig();
  if (!config.get("useLanguageServer")) {
    log.warn("Language server is disabled");
    return;
  }
  const folders = vscode.workspace.workspaceFolders ?? [];
  const gopaths = new Set(folders.map((folder) => gopath(folder.uri)));
  if (gopaths.size > 1) {
    void vscode.window.showInformationMessage(
      "The Go language server is currently not supported in a multi-root set-up with different GOPATHs.",
    );
    return;
  }
  const { file } = tryFind("gopls");
  if (!path.isAbsolute(file)) {
    void vscode.window.showErrorMessage('The "gopls" command is not available.');
    return;
  }
  const next = new LanguageClient(
    "go",
    "gopls",
    { command: file, args: config.get("languageServerFlags") ?? [], options: { env: toolEnvironment() } },
    {
      documentSelector: ["go", "go.mod", "go.work", "go.sum"].map((language) => ({ language, scheme: "file" })),
      initializationOptions: goplsOptions(vscode.workspace.getConfiguration("gopls", activeUri() ?? null), undefined),
      outputChannel: serverLog,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler: {
        error: (_error, _message, count) => ({
          message: "",
          action: count < maxCrashes ? ErrorAction.Continue : ErrorAction.Shutdown,
        }),
        closed: () => ({
          message: "",
          action: ++crashes < maxCrashes ? CloseAction.Restart : CloseAction.DoNotRestart,
        }),
      },
      middleware: {
        executeCommand: async (command, args, run) => {
          try {
            return await run(command, args);
          } catch (error) {
            void vscode.window.showErrorMessage(`Command '${command}' failed: ${error}.`);
            return null;
          }
        },
        workspace: {
          configuration: async (params, token, ask) => {
            const answers = await ask(params, token);
            return answers.map((answer, at) => {
              const { section, scopeUri } = params.items[at];
              return section === "gopls" ? goplsOptions(answer, scopeUri && vscode.Uri.parse(scopeUri)) : answer;
            });
          },
        },
      },
    },
  );
  client = next;
  await next.start();
}

/** The user's gopls settings, with go.buildFlags and go.buildTags unless gopls' own build.buildFlags is set. */
function goplsOptions(config, resource) {
  const options = {};
  for (const [name, value] of Object.entries(config ?? {})) {
    if (typeof value !== "function") {
      options[name] = value;
    }
  }
  const go = goConfig(resource);
  const flags = [...(go.get("buildFlags") ?? [])];
  if (go.get("buildTags") && !flags.includes("-tags")) {
    flags.push("-tags", go.get("buildTags"));
  }
  if (flags.length > 0 && options["build.buildFlags"] === undefined) {
    options["build.buildFlags"] = flags;
  }
  return options;
}

module.exports = { activate, deactivate };
