// A gopls that has not looked again: the softest cure has it load the folder anew, and leaves its process alone.

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { run } from "../../scripts/command.mjs";
import { makeDemo } from "../../scripts/demo.mjs";
import { golangExtensions, gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

for (const { label, golang, skip } of golangExtensions) {
  test(`a module that was downloaded behind the back of gopls is seen after a reload (${label})`, {
    skip,
    timeout: 180_000,
  }, async () => {
    await using demo = await makeDemo({ gopls });
    const proxy = pathToFileURL(join(demo.workspace, "..", "proxy")).href;
    await using workbench = await openWorkbench({
      name: `reload-${label}`,
      workspace: demo.workspace,
      file: join(demo.workspace, "main.go"),
      env: demo.env,
      settings: demo.settings,
      golang,
    });
    const { probe } = workbench;
    await probe.waitFor((all) => all.some(isImportError), "gopls' red import");

    // From now on the import works with every environment, whatever GOPROXY says.
    await run("go", ["mod", "download"], {
      cwd: demo.workspace,
      env: { ...demo.env, GOPROXY: proxy, GOSUMDB: "off", GOFLAGS: "-modcacherw" },
    });
    await workbench.statusSays(/\b1 phantom\b/);
    const before = (await probe.call("status")).gopls;
    assert.equal(before.length, 1);
    const views = async () => (await probe.call("command", { command: "gopls.views" })).map((view) => view.ID);
    const old = await views();
    assert.ok((await probe.call("diagnostics")).some(isImportError), "gopls does not look again by itself");

    const fixes = await workbench.quickFixes('"example.com/greet"');
    const cure = fixes.filter({ hasText: "Reload gopls" }).first();
    await cure.waitFor();
    await workbench.picture("offer");
    await cure.click();
    await probe.waitFor(
      (all) => !all.some((item) => isImportError(item) || (item.source === "gophantom" && item.code === "phantom")),
      "the end of the red import and of our problem",
    );
    await workbench.cured("example.com/greet is found again");
    assert.notDeepEqual(await views(), old, "gopls has a new view");
    assert.deepEqual((await probe.call("status")).gopls, before, "gopls is the same process");
  });
}
