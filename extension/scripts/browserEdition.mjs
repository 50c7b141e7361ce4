// The browser-served VS Code: its server, and the settings and extensions that a VS Code is given.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt } from "./command.mjs";
import { root, standIn, vscodeNode, vscodeServer } from "./layout.mjs";
import { copyShipped } from "./shipped.mjs";

const serverMain = join(vscodeServer, "out", "server-main.js");

/** Settings without which a fresh VS Code talks of other things. */
export const quietSettings = {
  "chat.disableAIFeatures": true,
  "extensions.ignoreRecommendations": true,
  "go.showWelcome": false,
  "go.survey.prompt": false,
  "go.toolsManagement.checkForUpdates": "off",
  "remote.autoForwardPorts": false,
  "telemetry.telemetryLevel": "off",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
};

/**
 * Starts the server on a free loopback port with a secret in its address. dataDir holds settings and logs.
 * Resolves, once it listens, with
 *
 *   address(folder, file)  the page that opens folder (or what a .code-workspace file names), and file in it if given
 *   stop()                 ends the server and everything it started
 *   exited                 a promise of its end
 */
export async function startServer({ dataDir, extensionsDir, env, settings }) {
  await writeSettings(join(dataDir, "data"), settings);
  const secret = randomBytes(16).toString("hex");
  const server = spawn(
    vscodeNode,
    [
      ...[serverMain, "--accept-server-license-terms", "--disable-telemetry"],
      ...["--host", "127.0.0.1", "--port", "0", "--connection-token", secret],
      ...["--server-data-dir", dataDir, "--extensions-dir", extensionsDir],
    ],
    { env, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  const exited = new Promise((resolve) => server.on("exit", resolve));
  const signal = (name) => {
    try {
      process.kill(-server.pid, name); // the whole group: extension host, gopls, terminals
    } catch (error) {
      if (error.code !== "ESRCH") {
        throw error;
      }
    }
  };
  const killAtOurExit = () => server.pid && signal("SIGKILL");
  process.once("exit", killAtOurExit);
  const port = await new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk) => {
      text += chunk;
      const listening = /Extension host agent listening on (\d+)/.exec(text);
      if (listening) {
        resolve(Number(listening[1]));
      }
    };
    server.stdout.setEncoding("utf8").on("data", read);
    server.stderr.setEncoding("utf8").on("data", read);
    server.on("error", reject);
    exited.then((code) => reject(new Error(`The VS Code server ended with exit code ${code}:\n${text}`)));
  });
  // From here on the output is only drained: VS Code keeps its logs in dataDir.
  for (const stream of [server.stdout, server.stderr]) {
    stream.removeAllListeners("data").resume();
  }

  return {
    exited,
    address(folder, file) {
      const authority = `127.0.0.1:${port}`;
      const url = new URL(`http://${authority}/`);
      url.searchParams.set("tkn", secret);
      url.searchParams.set(folder.endsWith(".code-workspace") ? "workspace" : "folder", folder);
      if (file) {
        url.searchParams.set(
          "payload",
          JSON.stringify([["openFile", `vscode-remote://${authority}${encodeURI(file)}`]]),
        );
      }
      return url.href;
    },
    async stop() {
      signal("SIGTERM");
      const timer = setTimeout(() => signal("SIGKILL"), 6000);
      await exited;
      clearTimeout(timer);
      signal("SIGKILL"); // what the server left behind
      process.removeListener("exit", killAtOurExit);
    },
  };
}

/** Writes the user settings of a VS Code that keeps its data in dataDir. */
export async function writeSettings(dataDir, settings) {
  const user = join(dataDir, "User");
  await mkdir(user, { recursive: true });
  await writeFile(join(user, "settings.json"), `${JSON.stringify(settings, null, 2)}\n`);
}

/** Puts Go Phantom, with what is shipped, into an extensions directory. */
export async function installGoPhantom(extensionsDir) {
  await putExtension(root, extensionsDir, copyShipped);
}

/** Puts the stand-in for golang.go into an extensions directory. */
export async function installStandIn(extensionsDir) {
  await putExtension(standIn, extensionsDir, async (target) => {
    for (const file of ["package.json", "extension.js"]) {
      await cp(join(standIn, file), join(target, file));
    }
  });
}

async function putExtension(source, extensionsDir, copyTo) {
  const { publisher, name, version } = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
  await copyTo(join(extensionsDir, `${publisher}.${name}-${version}`));
  // The list that VS Code keeps of this directory does not know the copy: without the list it looks for itself.
  await rm(join(extensionsDir, "extensions.json"), { force: true });
}

/** Installs an extension by its id in the gallery or by its .vsix file; resolves with false if that does not work. */
export async function installExtension(
  extensionsDir,
  dataDir,
  extension,
  { env = process.env, timeoutMs = 60_000 } = {},
) {
  const args = [
    serverMain,
    "--accept-server-license-terms",
    "--server-data-dir",
    dataDir,
    "--extensions-dir",
    extensionsDir,
  ];
  const { code } = await attempt(vscodeNode, [...args, "--install-extension", extension], { env, timeoutMs }).catch(
    () => ({ code: 1 }),
  );
  return code === 0;
}
