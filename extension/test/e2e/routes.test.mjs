// Routes where the user looks: hovers, the probe of a quick fix, fixes of the layer that set a value, and a line that is only shown.

import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import test from "node:test";
import { makeDemo } from "../../scripts/demo.mjs";
import { golangExtensions, gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const ours = (code) => (item) => item.source === "gophantom" && item.code === code;

for (const { label, golang, skip } of golangExtensions) {
  test(`hovers, a probe and fixes (${label})`, { skip, timeout: 240_000 }, async (t) => {
    await using demo = await makeDemo({ gopls });
    await using proxy = await serve(join(dirname(demo.workspace), "proxy"));
    await writeFile(demo.goenv, `GOPROXY=${proxy.url}\nGOSUMDB=off\n`);
    const settingsFile = join(demo.workspace, ".vscode", "settings.json");
    const settings = `{\n  // of the team\n  "go.toolsEnvVars": {\n    "GOPROXY": "${proxy.url},off,https://never.example"\n  }\n}\n`;
    await mkdir(dirname(settingsFile));
    await writeFile(settingsFile, settings);
    const profile = join(demo.env.HOME, ".profile");

    await using workbench = await openWorkbench({
      name: `routes-${label}`,
      workspace: demo.workspace,
      file: join(demo.workspace, "go.mod"),
      env: { ...demo.env, SHELL: "/bin/bash" },
      settings: { ...demo.settings, "go.toolsEnvVars": { GONOSUMDB: "git.corp.example" } },
      golang,
    });
    const { page, probe } = workbench;
    await probe.waitFor((all) => all.some(ours("goproxy-ignored-entries")), "the finding about GOPROXY");
    assert.ok(!probe.diagnostics.some(isImportError), "a green workspace");
    const masks = probe.diagnostics.filter(ours("masked-variable"));
    assert.deepEqual(masks, [], "what the Go extension copied of the setting hides nothing");

    await t.test("a requirement tells its route", async () => {
      const text = await workbench.hover("require example.com/greet", "example.com/greet");
      assert.match(text, /example\.com\/greet@v1\.0\.0 in gopls/);
      assert.ok(text.includes(proxy.url), text);
      assert.match(text, /settings\.json:4/);
      await workbench.picture("requirement");
    });

    await t.test("a probe asks the servers, and what is wrong becomes a problem", async () => {
      const ask = async () => {
        const fix = (await workbench.quickFixes("require example.com/greet")).filter({ hasText: "Probe this route" });
        assert.match(await fix.innerText(), /example\.com\/greet@v1\.0\.0/);
        await fix.click();
      };
      proxy.status = 403;
      await ask();
      await workbench.preview(/403/);
      await probe.waitFor((all) => all.some(ours("goproxy-answer")), "the answer as a problem");
      await workbench.picture("refused");
      proxy.status = 200;
      await workbench.open("go.mod");
      await ask();
      await workbench.preview(/serves it/);
      await probe.waitFor((all) => !all.some(ours("goproxy-answer")), "the end of the problem");
      await workbench.picture("served");
    });

    await t.test("a setting tells its variable and is mended where it stands", async () => {
      await workbench.open("settings.json");
      const text = await workbench.hover('"GOPROXY":', "GOPROXY");
      assert.match(text, /GOPROXY as each environment has it/);
      assert.ok(text.includes(`${demo.goenv}:1 (GOENV file)`), text);
      await workbench.picture("setting");

      const change = `    "GOPROXY": "${proxy.url},off"`;
      const fix = async () => {
        const found = (await workbench.quickFixes('"GOPROXY":')).filter({ hasText: "Set GOPROXY to" });
        await found.click();
        await workbench.dialog.waitFor();
      };
      await fix();
      const shown = (await workbench.dialog.innerText()).split(/\r?\n/);
      assert.ok(shown.includes(`+${change}`), shown.join("\n"));
      await workbench.picture("preview");
      await workbench.answer("Cancel");
      await workbench.dialog.waitFor({ state: "detached" });
      assert.equal(await readFile(settingsFile, "utf8"), settings);
      await fix();
      await workbench.answer("Apply");
      await workbench.cured("GOPROXY is in order");
      assert.equal(await readFile(settingsFile, "utf8"), settings.replace(",https://never.example", ""));
      const undone = await workbench.undo();
      assert.equal(undone.outcome, "undone", undone.message);
      assert.equal(await readFile(settingsFile, "utf8"), settings);
      await probe.waitFor((all) => all.some(ours("goproxy-ignored-entries")), "the finding again");
    });

    await t.test("the user's own settings tell theirs", async () => {
      await probe.call("command", { command: "workbench.action.openSettingsJson" });
      const text = await workbench.hover('"GONOSUMDB":', "GONOSUMDB");
      assert.match(text, /GONOSUMDB as each environment has it/);
      assert.ok(text.includes(`${workbench.settingsFile}:`), text);
      await workbench.picture("user-settings");
      await probe.call("command", { command: "workbench.action.closeActiveEditor" }); // it lies over everything
    });

    await t.test("a line of a start-up file is shown, not edited", async () => {
      assert.equal(await workbench.notifications.count(), 0, "nobody was bothered so far");
      await appendFile(profile, "export GOPRIVATE=https://git.corp.example/team\n");
      const written = await readFile(profile, "utf8");
      await probe.waitFor((all) => all.some(ours("private-pattern-never-matches")), "the finding about GOPRIVATE");
      await (await workbench.problems("GOPRIVATE has the pattern")).first().dblclick();
      const fix = (await workbench.quickFixes("export GOPRIVATE")).filter({ hasText: "By hand: " });
      await workbench.picture("by-hand");
      await fix.click();
      const told = workbench.notifications.filter({ hasText: ".profile:" });
      await told.waitFor();
      assert.match(await told.innerText(), /GOPRIVATE=git\.corp\.example\/team/);
      assert.equal(await workbench.notifications.count(), 1);
      assert.equal(await readFile(profile, "utf8"), written);
      await workbench.picture("told");
      await page.keyboard.press("Escape");
    });
  });
}

/** A module proxy of what is in dir. status is what it answers with to everything, unless it is 200. */
async function serve(dir) {
  const proxy = { status: 200, url: "" };
  const server = createServer(async (request, response) => {
    const content = proxy.status === 200 && (await readFile(join(dir, request.url)).catch(() => undefined));
    response.writeHead(content ? 200 : proxy.status === 200 ? 404 : proxy.status).end(content || "not for you\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy.url = `http://127.0.0.1:${server.address().port}`;
  proxy[Symbol.asyncDispose] = async () => {
    server.closeAllConnections();
    server.close();
  };
  return proxy;
}
