// One long sitting: a fix in the `go env -w` file, a stale gopls of either kind, and a server that dies.

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { run } from "../../scripts/command.mjs";
import { makeDemo } from "../../scripts/demo.mjs";
import { gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const ours = (code) => (item) => item.source === "gophantom" && item.code === code;

test("fixes, restarts and a dying server", { timeout: 240_000 }, async (t) => {
  await using demo = await makeDemo({ gopls });
  const goenv = "GOPROXY=off\nGOINSECURE=git.corp.example:8443\n";
  await writeFile(demo.goenv, goenv);
  await using workbench = await openWorkbench({
    name: "care",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    env: { ...demo.env, SHELL: "/bin/bash" },
    settings: demo.settings,
  });
  const { probe } = workbench;

  await t.test("a pattern is fixed in the file of go env -w", async () => {
    await probe.waitFor((all) => all.some(ours("private-pattern-never-matches")), "the finding");
    const row = (await workbench.problems("GOINSECURE has the pattern")).first();
    await row.waitFor();
    await workbench.picture("pattern");
    await row.click();
    const fix = (await workbench.quickFixes("GOINSECURE=")).filter({ hasText: "Fix the GOINSECURE pattern" });
    await fix.click();
    await workbench.dialog.waitFor();
    const shown = (await workbench.dialog.innerText()).split(/\r?\n/);
    assert.ok(shown.includes("+GOINSECURE=git.corp.example"), shown.join("\n"));
    assert.ok(
      shown.some((line) => /weakens security/.test(line)),
      shown.join("\n"),
    );
    await workbench.picture("pattern-preview");
    await workbench.answer("Apply");
    await probe.waitFor((all) => !all.some(ours("private-pattern-never-matches")), "the end of the finding");
    assert.equal(await readFile(demo.goenv, "utf8"), goenv.replace(":8443", ""));
    await workbench.cured("GOINSECURE is in order");
    const undone = await workbench.undo();
    assert.equal(undone.outcome, "undone", undone.message);
    assert.equal(await readFile(demo.goenv, "utf8"), goenv);
    await probe.waitFor((all) => all.some(ours("private-pattern-never-matches")), "the finding again");
  });

  await t.test("gopls has not noticed that the module cache was filled", async () => {
    await writeFile(demo.goenv, "GOPROXY=off\n");
    await probe.waitFor((all) => all.some(isImportError), "the red import");
    await workbench.statusSays(/\b1 error\b[\s\S]*GOPROXY=off forbids every download/); // red everywhere: no phantom
    const proxy = pathToFileURL(join(demo.workspace, "..", "proxy")).href;
    await run("go", ["mod", "download"], {
      cwd: demo.workspace,
      env: { ...demo.env, GOPROXY: proxy, GOSUMDB: "off", GOFLAGS: "-modcacherw" },
    });
    await workbench.statusSays(/\b1 phantom\b[\s\S]*has not looked again/);
    await workbench.picture("stale");
    await workbench.takeBestAction("has not looked again", "Reload gopls");
    await probe.waitFor((all) => !all.some(isImportError), "the end of the red import");
    await workbench.cured("example.com/greet is found again");
    await workbench.statusSays(/Go Phantom: ok/);
  });

  await t.test("gopls runs with a variable of before", async () => {
    await probe.call("setEnv", { name: "GOPRIVATE", value: "corp.example" });
    await probe.waitFor((all) => all.some(ours("gopls-stale-env")), "the finding");
    await workbench.statusSays(/\b1 warning\b[\s\S]*it needs a restart/);
    await workbench.picture("stale-env");
    await workbench.takeBestAction("GOPRIVATE=corp.example", "Restart gopls");
    await probe.waitFor((all) => !all.some(ours("gopls-stale-env")), "the end of the finding");
    await workbench.cured("GOPRIVATE is in order");
    await probe.call("unsetEnv", { name: "GOPRIVATE" });
    await probe.waitFor((all) => all.some(ours("gopls-stale-env")), "the finding the other way round");
    const back = await probe.call("command", { command: "gophantom.cure" });
    assert.equal(back.outcome, "cured", back.message);
    await workbench.statusSays(/Go Phantom: ok/);
  });

  await t.test("a server that dies is started again", async () => {
    process.kill(await sidecar(probe), "SIGKILL");
    await workbench.statusSays(/Go Phantom: restarting[\s\S]*started again in 1 s/);
    await workbench.picture("restarting");
    await workbench.statusSays(/Go Phantom: ok/);
  });

  await t.test("a server that cannot run is left stopped, with a way out", async () => {
    const missing = join(demo.workspace, "no-such-program");
    await mkdir(join(demo.workspace, ".vscode"));
    const settings = join(demo.workspace, ".vscode", "settings.json");
    await writeFile(settings, JSON.stringify({ "gophantom.server.path": missing }));
    const said = await workbench.statusSays(/Go Phantom: stopped/);
    assert.ok(said.includes(`${missing} does not exist`), said);
    assert.match(await workbench.tooltip(), /Restart Server/);
    await workbench.picture("stopped");
    await rm(settings);
    await workbench.statusSays(/Go Phantom: ok/);
  });
});

/** The process of our server: the child of the extension host that runs "gophantom lsp" (Linux). */
async function sidecar(probe) {
  const host = await probe.call("pid");
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const read = (name) => readFile(join("/proc", pid, name), "utf8").catch(() => "");
    if ((await read("status")).includes(`\nPPid:\t${host}\n`) && /\/gophantom\0lsp\0/.test(await read("cmdline"))) {
      return Number(pid);
    }
  }
  throw new Error("the extension host has no child that is our server");
}
