// The phantom itself, without Go Phantom: what makes a masked GOPROXY red, what does not cure it, and what does. The other tests build on
// this; when VS Code, gopls or the Go extension change how they treat the environment, this one says so.

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { makeDemo } from "../../scripts/demo.mjs";
import { golangExtensions, gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

for (const { label, golang, skip } of golangExtensions) {
  test(`a masked GOPROXY outlives the repair of its file (${label})`, { skip, timeout: 180_000 }, async () => {
    await using demo = await makeDemo({ gopls });
    const file = join(demo.workspace, "main.go");
    await using workbench = await openWorkbench({
      name: `phantom-${label}`,
      workspace: demo.workspace,
      file,
      env: demo.env,
      settings: demo.settings,
      golang,
      goPhantom: false,
    });
    const { probe } = workbench;
    const command = (command, ...args) => probe.call("command", { command, args });
    const red = async () => {
      await command("gopls.diagnose_files", { Files: [pathToFileURL(file).href] });
      return (await probe.call("diagnostics")).some(isImportError);
    };
    const views = async () => (await command("gopls.views")).map((view) => view.ID);

    await probe.waitFor((all) => all.some(isImportError), "the red import");
    assert.equal(await probe.call("getEnv", { name: "GOPROXY" }), "off", "the Go extension has copied the value");

    await demo.repair();
    assert.ok(await red(), "the repair alone does not help");

    const before = await views();
    const folder = { uri: pathToFileURL(demo.workspace).href, name: "hello" };
    const change = { event: { removed: [folder], added: [folder] } };
    await command("gopls.lsp", { method: "workspace/didChangeWorkspaceFolders", param: change });
    assert.notDeepEqual(await views(), before, "gopls has a new view");
    assert.ok(await red(), "a new view does not help");

    await command("go.languageserver.restart");
    assert.ok(await red(), "a restart of gopls does not help");

    await probe.call("unsetEnv", { name: "GOPROXY" });
    assert.ok(await red(), "taking the mask off does not help a gopls that runs");
    await command("go.languageserver.restart");
    assert.ok(!(await red()), "taking the mask off and restarting gopls cures it");
  });
}
