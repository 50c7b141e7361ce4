// In an untrusted workspace nothing runs: no go, no gopls, no shell, no program that the workspace names.

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openWorkbench } from "./workbench.mjs";

/**
 * A workspace, and an environment in which every Go tool and the shell leave a trace when they run. settings makes the workspace's
 * settings from the directory of these programs.
 */
async function makeTrap(settings) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "gophantom-trap-")));
  const [bin, home, workspace, witness] = ["bin", "home", "workspace", "witness"].map((name) => join(dir, name));
  for (const made of [bin, home, join(workspace, ".vscode")]) {
    await mkdir(made, { recursive: true });
  }
  for (const name of ["go", "gopls", "gofmt", "dlv", "bash"]) {
    await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${witness}'\nexit 1\n`);
    await chmod(join(bin, name), 0o755);
  }
  await writeFile(join(workspace, ".vscode", "settings.json"), JSON.stringify(settings(bin)));
  await writeFile(join(workspace, "go.mod"), "module example.com/trap\n\ngo 1.21\n");
  await writeFile(join(workspace, "main.go"), "package main\n\nfunc main() {}\n");
  const env = {
    HOME: home,
    LANG: "C.UTF-8",
    PATH: `${bin}:/usr/bin:/bin`,
    SHELL: join(bin, "bash"),
    VSCODE_CLI: "1", // or VS Code itself would start the shell, to learn its environment
  };
  return {
    workspace,
    env,
    ran: () => readFile(witness, "utf8").catch(() => ""),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

test("in an untrusted workspace nothing runs", { timeout: 180_000 }, async () => {
  await using trap = await makeTrap((bin) => ({
    "gophantom.server.path": join(bin, "gopls"),
    "go.alternateTools": { go: join(bin, "go"), gopls: join(bin, "gopls") },
    "go.toolsEnvVars": { GOPROXY: "off" },
    "terminal.integrated.env.linux": { GOPROXY: "off" },
  }));
  await using workbench = await openWorkbench({
    name: "untrusted",
    workspace: trap.workspace,
    file: join(trap.workspace, "main.go"),
    env: trap.env,
    settings: { "gophantom.statusBar": "always" },
    trusted: false,
  });
  await workbench.statusSays(/untrusted/);
  // When these have returned, everything that starting, looking and curing would run has been run.
  await workbench.probe.call("command", { command: "gophantom.check" });
  await workbench.probe.call("command", { command: "gophantom.cure" });
  assert.ok(!(await workbench.probe.call("isInstalled", { extension: "golang.go" })), "VS Code has disabled golang.go");
  assert.equal(await trap.ran(), "");
  await workbench.statusSays(/untrusted/);
});

test("in a trusted workspace the same go and shell do run", { timeout: 180_000 }, async () => {
  await using trap = await makeTrap(() => ({}));
  await using _workbench = await openWorkbench({
    name: "trusted",
    workspace: trap.workspace,
    file: join(trap.workspace, "main.go"),
    env: trap.env,
    settings: { "gophantom.statusBar": "always" },
    golang: "none", // whatever runs, Go Phantom ran it
  });
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    const ran = await trap.ran();
    if (/^go /m.test(ran) && /^bash /m.test(ran)) {
      break;
    }
    assert.ok(Date.now() < deadline, `only this ran:\n${ran}`);
  }
});
