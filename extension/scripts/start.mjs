// npm start [-- DIR]: builds Go Phantom and opens VS Code with it: on DIR in the user's own environment, or on a demo with a live phantom.

import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import * as browserEdition from "./browserEdition.mjs";
import { attempt, find, userEnvironment } from "./command.mjs";
import { makeDemo } from "./demo.mjs";
import { root, toolsBin } from "./layout.mjs";
import { explain, step } from "./progress.mjs";
import { setUpBuild, setUpGopls, setUpWorkbench } from "./setup.mjs";

/** How long the gallery may take to deliver golang.go before the stand-in takes its place. */
const galleryPatience = 30_000;

async function start(dir) {
  // In the terminal of a remote or browser-served VS Code, "code" talks to that one instead of starting another.
  const desktop = process.env.VSCODE_IPC_HOOK_CLI ? undefined : find("code");
  await setUpBuild();
  const gopls = await setUpGopls();
  if (!desktop) {
    await setUpWorkbench();
  }

  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => interruption.abort());
  }
  const scratch = await mkdtemp(join(tmpdir(), "gophantom-start-"));
  let demo;
  try {
    if (!dir) {
      await step("demo workspace", async () => {
        demo = await makeDemo({ gopls });
      });
    }
    const subject = demo
      ? {
          demo,
          workspace: demo.workspace,
          file: join(demo.workspace, "main.go"),
          env: demo.env,
          settings: demoSettings(demo),
        }
      : { workspace: dir, env: ownEnvironment(gopls), settings: {} };
    await (desktop ? inDesktop(desktop, subject, scratch) : inBrowser(subject, scratch, interruption.signal));
  } finally {
    await demo?.remove();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function demoSettings(demo) {
  return { ...browserEdition.quietSettings, ...demo.settings, "security.workspace.trust.enabled": false };
}

function ownEnvironment(gopls) {
  const env = userEnvironment();
  if (dirname(gopls) === toolsBin) {
    env.PATH += delimiter + toolsBin; // the user has no gopls of their own
  }
  return env;
}

/** Opens the desktop VS Code and resolves when its window is closed. */
async function inDesktop(code, { demo, workspace, file, env, settings }, scratch) {
  const args = ["--new-window", "--wait", `--extensionDevelopmentPath=${root}`];
  if (demo) {
    // An instance of its own: one that runs already would keep its own environment.
    const [dataDir, extensionsDir] = [join(scratch, "data"), join(scratch, "extensions")];
    const own = ["--user-data-dir", dataDir, "--extensions-dir", extensionsDir];
    await mkdir(extensionsDir);
    await browserEdition.writeSettings(dataDir, settings);
    await golang(extensionsDir, async () => {
      const install = [...own, "--install-extension", "golang.go"];
      return (await attempt(code, install, { env, timeoutMs: galleryPatience })).code === 0;
    });
    args.push(...own, "--goto", file);
  }
  console.log(`\n  Opening ${workspace} in VS Code; close its window to end this.`);
  const closed = new AbortController();
  const haunted = demo && haunt(demo, closed.signal);
  await attempt(code, [...args, workspace], { env, show: true });
  closed.abort();
  await haunted;
}

/** Serves VS Code to the browser until interrupted. */
async function inBrowser({ demo, workspace, file, env, settings }, scratch, interrupted) {
  const [dataDir, extensionsDir] = [join(scratch, "server"), join(scratch, "extensions")];
  await mkdir(extensionsDir);
  await browserEdition.installGoPhantom(extensionsDir);
  await golang(extensionsDir, () =>
    browserEdition.installExtension(extensionsDir, dataDir, "golang.go", { env, timeoutMs: galleryPatience }),
  );
  const server = await browserEdition.startServer({ dataDir, extensionsDir, env, settings });
  try {
    console.log(`\n  Open this address in a browser; Ctrl-C here ends it.\n\n    ${server.address(workspace, file)}\n`);
    const ended = new AbortController();
    const haunted = demo && haunt(demo, ended.signal);
    if (!interrupted.aborted) {
      await Promise.race([once(interrupted, "abort"), server.exited]);
    }
    ended.abort();
    await haunted;
  } finally {
    await server.stop();
  }
}

/** Puts golang.go into an extensions directory: the real one if install can get it, else the stand-in. */
async function golang(extensionsDir, install) {
  await step("golang.go", async () => {
    if (await install().catch(() => false)) {
      return "from the gallery";
    }
    await browserEdition.installStandIn(extensionsDir);
    return "the stand-in of this repository, because no extension gallery could be reached";
  });
}

/** Makes the demo's error a phantom as soon as gopls has started with the wrong value, unless the signal comes first. */
async function haunt(demo, signal) {
  try {
    await demo.goplsStarted(signal);
  } catch (error) {
    if (signal.aborted) {
      return;
    }
    throw error;
  }
  await demo.repair();
  console.log(
    `  The GOPROXY in ${demo.goenv} is repaired: "go build" is green now, and the red in main.go is a phantom.`,
  );
  console.log("  README.md in the workspace says what to try. The status bar has the cure.");
}

try {
  const [dir] = process.argv.slice(2);
  await start(dir && resolve(process.env.INIT_CWD ?? ".", dir));
} catch (error) {
  process.exitCode = explain(error);
}
