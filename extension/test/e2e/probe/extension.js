// The hand of an end-to-end test inside the extension host. It connects to the socket that GOPHANTOM_E2E_PROBE names and exchanges lines
// of JSON: it tells all diagnostics, now and after every change, and answers requests {id, op, …} with {id, result} or {id, error}.

const net = require("node:net");
const readline = require("node:readline");
const vscode = require("vscode");

const operations = {
  pid: () => process.pid,
  getEnv: ({ name }) => process.env[name] ?? null,
  setEnv: ({ name, value }) => {
    process.env[name] = value;
  },
  unsetEnv: ({ name }) => {
    delete process.env[name];
  },
  command: ({ command, args = [] }) => vscode.commands.executeCommand(command, ...args),
  setting: ({ key, value }) =>
    vscode.workspace.getConfiguration().update(key, value, vscode.ConfigurationTarget.Global),
  diagnostics: () => diagnostics(),
  status: () => vscode.extensions.getExtension("gophantom.gophantom").exports.status(),
  isInstalled: ({ extension }) => vscode.extensions.getExtension(extension) !== undefined,
};

function activate(context) {
  const socket = net.connect(process.env.GOPHANTOM_E2E_PROBE);
  const send = (message) => socket.write(`${JSON.stringify(message)}\n`);
  const tellDiagnostics = () => send({ diagnostics: diagnostics() });

  readline.createInterface({ input: socket }).on("line", async (line) => {
    const { id, op, ...parameters } = JSON.parse(line);
    try {
      send({ id, result: (await operations[op](parameters)) ?? null });
    } catch (error) {
      send({ id, error: String(error) });
    }
  });
  context.subscriptions.push(vscode.languages.onDidChangeDiagnostics(tellDiagnostics), {
    dispose: () => socket.destroy(),
  });
  tellDiagnostics();
}

function diagnostics() {
  return vscode.languages.getDiagnostics().flatMap(([uri, items]) =>
    items.map((item) => ({
      file: uri.fsPath,
      line: item.range.start.line + 1,
      severity: vscode.DiagnosticSeverity[item.severity],
      source: item.source ?? "",
      code: String(typeof item.code === "object" ? item.code.value : (item.code ?? "")),
      message: item.message,
      related: (item.relatedInformation ?? []).map(
        ({ location }) => `${location.uri.fsPath}:${location.range.start.line + 1}`,
      ),
    })),
  );
}

module.exports = { activate };
