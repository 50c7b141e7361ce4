// Cures that edit a file: the change is shown before it is made, is as small as can be, helps, and can be taken back byte for byte.

import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { makeDemo } from "../../scripts/demo.mjs";
import { golangExtensions, gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

/** What stands in .vscode/settings.json before the cure, and behind which text of it the cure adds its line. */
const settingsFiles = {
  "no settings file": { text: undefined },
  "comments, a trailing comma and CRLF": {
    text: '// ours\r\n{\r\n\t"editor.tabSize": 4, // four\r\n\t"go.toolsEnvVars": {\r\n\t\t"EXAMPLE": "1", // kept\r\n\t},\r\n}\r\n',
    behind: "// kept",
  },
};

for (const { label, golang, skip } of golangExtensions) {
  for (const [kind, { text, behind }] of Object.entries(settingsFiles)) {
    test(`the shell's GOPROXY is written into the settings: ${kind} (${label})`, {
      skip,
      timeout: 180_000,
    }, async () => {
      await using demo = await makeDemo({ gopls });
      const proxy = pathToFileURL(join(demo.workspace, "..", "proxy")).href;
      await appendFile(join(demo.env.HOME, ".profile"), `export GOPROXY='${proxy}'\n`);
      const file = join(demo.workspace, ".vscode", "settings.json");
      if (text !== undefined) {
        await mkdir(dirname(file));
        await writeFile(file, text);
      }
      const read = () => readFile(file, "utf8").catch(() => undefined);

      await using workbench = await openWorkbench({
        name: `settings-${text === undefined ? "new" : "existing"}-${label}`,
        workspace: demo.workspace,
        file: join(demo.workspace, "main.go"),
        // VSCODE_CLI: started from a terminal that has the old value, VS Code does not ask the shell for its own environment.
        env: { ...demo.env, SHELL: "/bin/bash", GOPROXY: "off", VSCODE_CLI: "1" },
        settings: demo.settings,
        golang,
      });
      const { probe } = workbench;
      await probe.waitFor((all) => all.some(isImportError), "gopls' red import");
      const said = await workbench.statusSays(/\b1 phantom\b/);
      assert.ok(said.includes(`GOPROXY=off, your shell with GOPROXY=${proxy}`), said);

      // Shown first: whoever takes fright changes nothing.
      // The best action lasts until the editor restarts; this one is for good.
      const cure = "Use the shell's GOPROXY for Go tools";
      const take = async () =>
        (await workbench.quickFixes('"example.com/greet"')).filter({ hasText: cure }).first().click();
      await take();
      await workbench.dialog.waitFor();
      const shown = await workbench.dialog.innerText();
      assert.ok(shown.includes(cure), shown);
      assert.ok(
        shown.split(/\r?\n/).some((line) => line.startsWith("+") && line.includes(`"GOPROXY": "${proxy}"`)),
        shown,
      );
      await workbench.picture("preview");
      await workbench.answer("Cancel");
      await workbench.dialog.waitFor({ state: "detached" });
      assert.equal(await read(), text);

      await take();
      await workbench.answer("Apply");
      await probe.waitFor((all) => !all.some(isImportError), "the end of the red import");
      await workbench.statusSays(/Go Phantom: ok/);
      const line = `"GOPROXY": "${proxy}"`;
      const expected =
        text === undefined
          ? JSON.stringify({ "go.toolsEnvVars": { GOPROXY: proxy } })
          : text.replace(behind, `${behind}\r\n\t\t${line},`);
      const cured = await read();
      assert.equal(text === undefined ? JSON.stringify(JSON.parse(cured)) : cured, expected);
      await workbench.picture("cured");

      await workbench.cured("example.com/greet is found again");
      const undone = await workbench.undo();
      assert.equal(undone.outcome, "undone", undone.message);
      assert.equal(await read(), text, "a file that the cure created is gone with it");
      await workbench.statusSays(/\b1 warning\b/); // the module is in the cache by now: the drift only lies in wait
    });
  }
}
