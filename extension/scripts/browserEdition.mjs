// The browser-served VS Code: its server, and the extensions it is given.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { attempt } from "./command.mjs";
import { root, standIn, vscodeNode, vscodeServer } from "./layout.mjs";

const serverMain = join(vscodeServer, "out", "server-main.js");

/** Settings without which a fresh VS Code talks of other things. */
export const quietSettings = {
  "chat.disableAIFeatures": true,
  "extensions.ignoreRecommendations": true,
  "go.showWelcome": false,
  "go.survey.prompt": false,
  "go.toolsManagement.checkForUpdates": "off",
  "telemetry.telemetryLevel": "off",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
};

/**
 * Starts the server on a free loopback port with a secret in its address. dataDir holds settings and logs.
 * Resolves, once it listens, with
 *
 *   address(folder, file)  the page that opens folder, and file in it if given
 *   stop()                 ends the server and everything it started
 *   exited                 a promise of its end
 */
export async function startServer({ dataDir, extensionsDir, env, settings, args = [] }) {
  const user = join(dataDir, "data", "User");
  await mkdir(user, { recursive: true });
  await writeFile(join(user, "settings.json"), `${JSON.stringify(settings, null, 2)}\n`);

  const secret = randomBytes(16).toString("hex");
  const server = spawn(
    vscodeNode,
    [
      ...[serverMain, "--accept-server-license-terms", "--disable-telemetry"],
      ...["--host", "127.0.0.1", "--port", "0", "--connection-token", secret],
      ...["--server-data-dir", dataDir, "--extensions-dir", extensionsDir],
      ...args,
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
      url.searchParams.set("folder", folder);
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

/** Puts Go Phantom, as its package would hold it, into an extensions directory. */
export async function installGoPhantom(extensionsDir) {
  const { publisher, name, version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const target = join(extensionsDir, `${publisher}.${name}-${version}`);
  const ignore = await readFile(join(root, ".vscodeignore"), "utf8");
  for (const [, file] of ignore.matchAll(/^!([^*\n]+?)(\/\*\*)?$/gm)) {
    await mkdir(dirname(join(target, file)), { recursive: true });
    await cp(join(root, file), join(target, file), { recursive: true }).catch((error) => {
      if (error.code !== "ENOENT" || file.startsWith("bin") || file.startsWith("dist")) {
        throw error;
      }
    });
  }
}

/** Puts the stand-in for golang.go into an extensions directory. */
export async function installStandIn(extensionsDir) {
  const { publisher, name, version } = JSON.parse(await readFile(join(standIn, "package.json"), "utf8"));
  await cp(standIn, join(extensionsDir, `${publisher}.${name}-${version}`), { recursive: true });
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
