// The picture is live: what changes outside the editor shows in it, without any command.

import assert from "node:assert/strict";
import { appendFile, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { makeDemo } from "../../scripts/demo.mjs";
import { gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const isDrift = ({ source, code }) => source === "gophantom" && code === "env-drift";

test("a start-up file that changes is seen, to the line; so is its repair, and a gopls that is killed", {
  timeout: 240_000,
}, async () => {
  await using demo = await makeDemo({ gopls });
  const proxy = pathToFileURL(join(demo.workspace, "..", "proxy")).href;
  const profile = join(demo.env.HOME, ".profile");
  await appendFile(profile, `export GOPROXY='${proxy}'\n`);
  await using workbench = await openWorkbench({
    name: "live",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    // VSCODE_CLI: VS Code does not ask the shell for its own environment, so that it stays what it is here.
    env: { ...demo.env, SHELL: "/bin/bash", GOPROXY: proxy, GOSUMDB: "off", VSCODE_CLI: "1" },
    settings: demo.settings,
  });
  const { probe } = workbench;
  await probe.waitFor((all) => !all.some(isImportError), "a green workspace");
  await workbench.statusSays(/Go Phantom: (ok|\d+ warning)/);

  const before = await readFile(profile, "utf8");
  const line = before.split("\n").length;
  await appendFile(profile, "export GOPRIVATE=git.corp.example/team\n");
  const ours = (await probe.waitFor((all) => all.some(mentions("GOPRIVATE")), "the drift of GOPRIVATE")).find(
    mentions("GOPRIVATE"),
  );
  assert.ok(isDrift(ours), JSON.stringify(ours));
  const said = await workbench.statusSays(/GOPRIVATE/);
  assert.match(said, /git\.corp\.example\/team/);
  assert.ok(ours.related.includes(`${profile}:${line}`), `${profile}:${line} is not in ${JSON.stringify(ours)}`);
  await workbench.picture("drift");

  await writeFile(profile, before);
  await probe.waitFor((all) => !all.some(mentions("GOPRIVATE")), "the end of the drift");

  // golang.go starts a gopls that was killed again; the new one is found, and is another process.
  const [killed] = await processesOf(basename(gopls), demo.env.HOME);
  process.kill(killed, "SIGKILL");
  await workbench.statusSays(/Go Phantom: (ok|\d+ warning|unknown)/);
  await probe.waitFor((all) => !all.some(isImportError), "a green workspace again");
  const started = await until(async () =>
    (await processesOf(basename(gopls), demo.env.HOME)).find((pid) => pid !== killed),
  );
  assert.notEqual(started, killed);
  await until(async () => (await probe.call("status")).gopls?.includes(started));
});

function mentions(variable) {
  return ({ source, message }) => source === "gophantom" && message.includes(variable);
}

/** Asks again, ten times a second, until the answer is true to somebody; the test's own time limit ends it. */
async function until(ask) {
  for (;;) {
    const answer = await ask();
    if (answer) {
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The processes of a program that have this home directory (Linux). */
async function processesOf(name, home) {
  const found = [];
  for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const exe = await readlink(`/proc/${pid}/exe`).catch(() => "");
    const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (basename(exe) === name && environ.split("\0").includes(`HOME=${home}`) && !command.includes("telemetry")) {
      found.push(Number(pid));
    }
  }
  return found;
}
