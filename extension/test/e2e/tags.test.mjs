// A phantom that is no import: a build tag that only the shell has. It is explained, its guilty variable found again and recorded, and cured for
// the session.

import assert from "node:assert/strict";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { attempt } from "../../scripts/command.mjs";
import { makeDemo } from "../../scripts/demo.mjs";
import { sidecar } from "../../scripts/layout.mjs";
import { golangExtensions, gopls } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const files = {
  "main.go": `package main

func main() {
	text := special
	println(text())
}
`,
  "special.go": `//go:build special

package main

func special() string { return "special" }
`,
};

const isUndefined = ({ source, message }) => source === "compiler" && message.startsWith("undefined: special");
const isPhantom = ({ source, code }) => source === "gophantom" && code === "phantom";

for (const { label, golang, skip } of golangExtensions) {
  test(`a build tag that only the shell has is named, explained and cured for the session (${label})`, {
    skip,
    timeout: 240_000,
  }, async () => {
    await using demo = await makeDemo({ gopls });
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(demo.workspace, name), text);
    }
    await using workbench = await openWorkbench({
      name: `tags-${label}`,
      workspace: demo.workspace,
      file: join(demo.workspace, "main.go"),
      env: demo.env,
      settings: demo.settings,
      golang,
    });
    const { probe } = workbench;
    await probe.waitFor((all) => all.some(isUndefined), "gopls' undefined name");
    // The editor has asked the shell when it started; what the shell learns afterwards, only terminals see.
    for (const name of [".bashrc", ".profile"]) {
      await appendFile(join(demo.env.HOME, name), "export GOFLAGS=-tags=special\n");
    }
    const all = await probe.waitFor((found) => found.some(isPhantom), "our phantom");
    const { message } = all.find(isPhantom);
    assert.match(message, /GOFLAGS=-tags=special/, "the value of the shell is named");
    await workbench.picture("proved");

    const place = { uri: `file://${join(demo.workspace, "main.go")}`, line: 3 };
    await probe.call("command", { command: "gophantom.explain", args: [place] });
    const page = await workbench.preview(/Proof/);
    assert.match(page, /Phantom: the environment of gopls differs from yours/);
    await workbench.picture("explained");
    await workbench.open("main.go");
    await probe.call("command", { command: "gophantom.record", args: [place] });
    // What is reported says the same on a machine where nothing of this is.
    const record = join(demo.workspace, "..", "record.json");
    const shown = await workbench.preview(/Report it/);
    await writeFile(record, shown.slice(shown.indexOf("\n{"))); // the preview has no fence around it
    const { stdout, stderr } = await attempt(sidecar, ["check", "--replay", record, "--format", "json"], {
      env: demo.env,
    });
    const [problem] = JSON.parse(stdout || assert.fail(stderr)).problems;
    assert.deepEqual([problem.verdict, problem.guilty], ["phantom", ["GOFLAGS"]]);
    await workbench.open("main.go");
    await probe.call("command", { command: "gophantom.bisect", args: [place] });
    assert.match(await workbench.preview(/What decides whether this package builds/), /GOFLAGS decides/);
    await workbench.open("main.go");

    const fixes = await workbench.quickFixes("text := special");
    const cure = fixes.filter({ hasText: "GOFLAGS until the editor restarts" }).first();
    await cure.waitFor();
    await workbench.picture("offer");
    await cure.click();
    await probe.waitFor(
      (found) => !found.some((item) => isUndefined(item) || isPhantom(item)),
      "the end of the undefined name and of our problem",
    );
    await workbench.cured("");
    assert.equal(await workbench.notifications.count(), 0, "nothing to complain of");
  });
}
