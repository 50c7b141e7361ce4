// The walking thread: a masked GOPROXY from red, through our verdict, through one click, to green.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { attempt } from "../../scripts/command.mjs";
import { makeDemo } from "../../scripts/demo.mjs";
import { golangExtensions, gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

/** The ways to take the best cure; each is one click of the user after the place is open. */
const ways = {
  "status item": async (workbench) => {
    await workbench.status.click();
    const best = workbench.choices.first();
    await best.filter({ hasText: "GOPROXY" }).waitFor();
    await workbench.picture("offer");
    await best.click();
  },
  "quick fix": async (workbench) => {
    const fixes = await workbench.quickFixes('"example.com/greet"');
    const cure = fixes.filter({ hasText: "GOPROXY" }).first();
    await cure.waitFor();
    await workbench.picture("offer");
    await cure.click();
  },
};

for (const { label, golang, skip } of golangExtensions) {
  for (const [way, take] of Object.entries(ways)) {
    test(`a masked GOPROXY is proved and cured by the ${way} (${label})`, { skip, timeout: 240_000 }, async () => {
      await using demo = await makeDemo({ gopls });
      const file = join(demo.workspace, "main.go");
      await using workbench = await openWorkbench({
        name: `cure-by-${way.replace(" ", "-")}-${label}`,
        workspace: demo.workspace,
        file,
        env: demo.env,
        settings: { ...demo.settings, "gophantom.statusBar": "always" },
        golang,
      });
      const { page, probe } = workbench;

      // Red, and really red: the go command of the terminal agrees.
      await probe.waitFor((all) => all.some(isImportError), "gopls' red import");
      await page.locator(".monaco-editor .squiggly-error").first().waitFor();
      const inTerminal = () => attempt("go", ["list", "-deps", "."], { cwd: demo.workspace, env: demo.env });
      assert.notEqual((await inTerminal()).code, 0);

      // The file is repaired: from now on the error is a phantom.
      await demo.repair();
      const untouched = async () =>
        Object.fromEntries(
          await Promise.all(
            [
              ...["main.go", "go.mod", "go.sum"].map((name) => join(demo.workspace, name)),
              demo.goenv,
              workbench.settingsFile,
            ].map(async (name) => [name, await readFile(name, "utf8")]),
          ),
        );
      const before = await untouched();
      await workbench.statusSays(/\b1 phantom\b/);
      await probe.waitFor((all) => all.some(({ source }) => source === "gophantom"), "our problem");
      await (await workbench.problems("gophantom")).first().waitFor();
      await (await workbench.problems("could not import example.com/greet")).first().waitFor();
      await workbench.picture("proved");

      await take(workbench);
      await probe.waitFor(
        (all) => !all.some((item) => isImportError(item) || item.source === "gophantom"),
        "the end of the red import and of our problem",
      );
      await workbench.statusSays(/Go Phantom: ok/);
      await page.locator(".statusbar-item", { hasText: "Curing" }).waitFor({ state: "detached" });
      assert.equal(
        await page.locator(".notifications-toasts .notification-list-item").count(),
        0,
        "nothing to complain of",
      );
      await page.locator(".monaco-editor .squiggly-error").waitFor({ state: "detached" });
      assert.equal(await (await workbench.problems("example.com/greet")).count(), 0);
      await workbench.picture("cured");
      assert.deepEqual(await untouched(), before, "the cure has edited no file");
      assert.equal((await inTerminal()).code, 0, "the go command of the terminal is green");
    });
  }
}
