// What may be missing or broken around us. Each gives a sentence that says what to do; none looks healthy, and none leaves us looking forever.

import assert from "node:assert/strict";
import { appendFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import test from "node:test";
import { find } from "../../scripts/command.mjs";
import { makeDemo } from "../../scripts/demo.mjs";
import { gopls } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const cases = {
  "no Go extension": {
    golang: "none",
    prepare: ({ repair }) => repair(), // nothing else is wrong
    health: /unknown/,
    says: /golang\.go\) is not installed/,
  },
  "no gopls": {
    async prepare({ env, repair }) {
      await repair(); // nothing else is wrong
      env.PATH = [dirname(find("go")), "/usr/bin", "/bin"].join(":");
      await writeFile(join(env.HOME, ".profile"), `export PATH='${env.PATH}'\n`);
    },
    health: /unknown/,
    says: /gopls is not running; install it with .*Install\/Update Tools/,
  },
  "a go.mod that ends too early and a shell that hangs": {
    async prepare({ env, workspace }) {
      await writeFile(join(workspace, "go.mod"), "module example.com/hello\n\nrequire (\n\texample.com/gre");
      await appendFile(join(env.HOME, ".profile"), "sleep 600\n");
    },
    health: /1 error[\s\S]*go\.mod/,
    says: /did not finish its start-up files within 10s; look in them for/,
    problem: ({ file, code }) => basename(file) === "go.mod" && code === "gomod-broken",
  },
};

for (const [name, { golang = "stand-in", prepare = () => {}, health, says, problem }] of Object.entries(cases)) {
  test(name, { timeout: 120_000 }, async () => {
    await using demo = await makeDemo({ gopls });
    // VSCODE_CLI: VS Code itself shall not wait for the shell.
    const env = { ...demo.env, SHELL: "/bin/bash", VSCODE_CLI: "1" };
    await prepare({ ...demo, env });
    await using workbench = await openWorkbench({
      name: name.replaceAll(/\W+/g, "-"),
      workspace: demo.workspace,
      file: join(demo.workspace, "main.go"),
      env,
      settings: demo.settings,
      golang,
    });
    const { probe } = workbench;
    await workbench.statusSays(health);
    await probe.call("command", { command: "gophantom.check" }); // returns when the shell has answered, or will not
    await workbench.statusSays(health);
    assert.match(await workbench.tooltip(), says);
    await workbench.picture("said");
    if (problem) {
      await probe.waitFor((all) => all.some(problem), "our problem");
      await (await workbench.problems("gophantom")).first().waitFor();
    }
  });
}
