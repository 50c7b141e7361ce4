// In an untrusted workspace nothing runs: no go, no gopls, no shell, no program that the workspace names.

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { openWorkbench } from "./workbench.mjs";

/** A workspace that would like to run programs, and an environment in which every Go tool and the shell leave a trace when they run. */
async function makeTrap() {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "gophantom-trap-")));
  const [bin, home, workspace, witness] = ["bin", "home", "workspace", "witness"].map((name) => join(dir, name));
  for (const made of [bin, home, join(workspace, ".vscode")]) {
    await mkdir(made, { recursive: true });
  }
  for (const name of ["go", "gopls", "gofmt", "dlv", "sh-of-the-user"]) {
    await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${witness}'\nexit 1\n`);
    await chmod(join(bin, name), 0o755);
  }
  const named = { go: join(bin, "go"), gopls: join(bin, "gopls") };
  await writeFile(
    join(workspace, ".vscode", "settings.json"),
    JSON.stringify({
      "gophantom.server.path": join(bin, "gopls"),
      "go.alternateTools": named,
      "go.toolsEnvVars": { GOPROXY: "off" },
      "terminal.integrated.env.linux": { GOPROXY: "off" },
    }),
  );
  await writeFile(join(workspace, "go.mod"), "module example.com/trap\n\ngo 1.21\n");
  await writeFile(join(workspace, "main.go"), "package main\n\nfunc main() {}\n");
  const env = { HOME: home, LANG: "C.UTF-8", PATH: `${bin}:/usr/bin:/bin`, SHELL: join(bin, "sh-of-the-user") };
  return {
    workspace,
    env,
    ran: () => readFile(witness, "utf8").catch(() => ""),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

test("in an untrusted workspace nothing runs", { timeout: 180_000 }, async () => {
  await using trap = await makeTrap();
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
  assert.equal(await workbench.probe.call("extension", { id: "golang.go" }), null, "VS Code has disabled golang.go");
  assert.equal(await trap.ran(), "");
  await workbench.statusSays(/untrusted/);
});

test("the same workspace, trusted, is looked at by running go", { timeout: 180_000 }, async () => {
  await using trap = await makeTrap();
  await using workbench = await openWorkbench({
    name: "trusted",
    workspace: trap.workspace,
    file: join(trap.workspace, "main.go"),
    env: trap.env,
    settings: { "gophantom.statusBar": "always" },
    golang: "none", // whatever runs, Go Phantom ran it
  });
  await workbench.status.waitFor();
  await workbench.probe.call("command", { command: "gophantom.check" });
  assert.match(await trap.ran(), /^go /m);
});
