// A workspace of two folders: the phantom is in the second, and nothing is said of the first.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import test from "node:test";
import { makeDemo } from "../../scripts/demo.mjs";
import { golangExtensions, gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

for (const { label, golang, skip } of golangExtensions) {
  test(`a phantom in the second of two folders is proved and cured (${label})`, {
    skip,
    timeout: 240_000,
  }, async () => {
    await using demo = await makeDemo({ gopls });
    const parent = dirname(demo.workspace);
    const sound = join(parent, "sound");
    await mkdir(sound);
    await writeFile(join(sound, "go.mod"), "module example.com/sound\n\ngo 1.21\n");
    await writeFile(join(sound, "main.go"), 'package main\n\nfunc main() { println("sound") }\n');
    const workspace = join(parent, "two.code-workspace");
    await writeFile(workspace, JSON.stringify({ folders: [{ path: "sound" }, { path: "hello" }] }));

    await using workbench = await openWorkbench({
      name: `folders-${label}`,
      workspace,
      file: join(demo.workspace, "main.go"),
      env: { ...demo.env, SHELL: "/bin/bash" },
      settings: demo.settings,
      golang,
    });
    const { probe } = workbench;
    const ours = ({ source }) => source === "gophantom";
    await probe.waitFor((all) => all.some(isImportError), "gopls' red import");
    await demo.repair();

    const said = await workbench.statusSays(/\b1 phantom\b/);
    assert.match(said, /GOPROXY/);
    const found = await probe.waitFor((all) => all.some(ours), "our problem");
    assert.ok(
      found.filter((item) => ours(item) || isImportError(item)).every(({ file }) => !file.startsWith(sound + sep)),
      JSON.stringify(found),
    );
    await (await workbench.problems("gophantom")).first().waitFor();
    await workbench.picture("proved");
    await workbench.tooltip();
    await workbench.picture("tooltip");

    const { outcome, message } = await probe.call("command", { command: "gophantom.cure" });
    assert.equal(outcome, "cured", message);
    await probe.waitFor((all) => !all.some((item) => ours(item) || isImportError(item)), "green in both folders");
    await workbench.statusSays(/Go Phantom: ok/);
    const { gopls: processes } = await probe.call("status");
    assert.equal(processes?.length, 1, "one gopls serves both folders");
  });
}
