// A document with unsaved changes is never a phantom, and becomes one again when gopls has seen what was saved.

import { join } from "node:path";
import test from "node:test";
import { makeDemo } from "../../scripts/demo.mjs";
import { gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

test("an edited document is judged again once it is saved", { timeout: 240_000 }, async () => {
  await using demo = await makeDemo({ gopls });
  await using workbench = await openWorkbench({
    name: "edited",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    env: demo.env,
    settings: { ...demo.settings, "gophantom.statusBar": "always", "editor.formatOnSave": false },
  });
  const { page, probe } = workbench;
  await probe.waitFor((all) => all.some(isImportError), "gopls' red import");
  await demo.repair();
  await workbench.statusSays(/\b1 phantom\b/);

  await page.locator(".monaco-editor .view-line").first().click();
  await page.keyboard.press("End");
  await page.keyboard.type(" Changed.");
  await workbench.statusSays(/^(?!.*\d phantom)/);
  await workbench.picture("unsaved");
  await page.keyboard.press("Control+S");
  await workbench.statusSays(/\b1 phantom\b/);
});
