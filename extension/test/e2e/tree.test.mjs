// The view "Go Environment": from red to cured in three clicks, by the keyboard too, and back again from the history. No notification comes of it.

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { makeDemo } from "../../scripts/demo.mjs";
import { gopls, isImportError } from "./subjects.mjs";
import { comes, openWorkbench } from "./workbench.mjs";

/** How long the demo's verdict may take on a machine that is busy. */
const timeout = 240_000;

test("the view shows a finding, cures it, and takes the cure back", { timeout }, async () => {
  await using demo = await makeDemo({ gopls });
  await using workbench = await openWorkbench({
    name: "tree",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    env: demo.env,
    settings: demo.settings,
  });
  const { page, probe } = workbench;
  await probe.waitFor((all) => all.some(isImportError), "gopls' red import");
  await demo.repair();
  await workbench.statusSays(/\b1 phantom\b/);

  // The first click opens the view, which stands collapsed in the explorer.
  const header = page.locator(".pane-header", { hasText: "Go Environment" });
  await header.click();
  // The files are folded away, for the editor draws only the lines that there is room for.
  await page.locator(".pane-header", { hasText: "hello" }).click();
  const view = page.locator(".pane", { has: header });
  const row = (text) => view.locator(".monaco-list-row", { hasText: text }).first();
  await row("could not import example.com/greet").waitFor();
  for (const root of ["Findings", "Environments", "Module Routes", "Toolchains", "History"]) {
    await row(root).waitFor();
  }
  await workbench.picture("findings");

  // By the keyboard alone: the finding is reached, tells what it is, and its cures and origins stand below it.
  await probe.call("command", { command: "gophantom.environment.focus" });
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  const focused = view.locator(".monaco-list-row.focused");
  await focused.filter({ hasText: "could not import" }).waitFor();
  assert.match(await focused.getAttribute("aria-label"), /^Phantom: could not import/);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await focused.filter({ hasText: "GOPROXY" }).waitFor();
  await workbench.picture("keyboard");

  // The differences come first, with where each value comes from.
  await probe.call("command", { command: "gophantom.compareEnvironments" });
  await row("fetches modules from elsewhere").waitFor();
  await workbench.picture("environments");

  // The second click is the cure of the line. (The tree draws only the lines that fit, so the rest is folded away before.)
  await probe.call("command", { command: "workbench.actions.treeView.gophantom.environment.collapseAll" });
  const finding = row("could not import example.com/greet");
  do {
    await row("Findings").click(); // a new look may have opened it meanwhile, and the click has closed it
  } while (!(await comes(finding)));
  await finding.hover();
  await finding.locator('.action-label[aria-label*="Cure"]').click();
  await probe.waitFor(
    (all) => !all.some((item) => isImportError(item) || item.source === "gophantom"),
    "the end of the red import and of our problem",
  );
  await workbench.statusSays(/Go Phantom: ok/);
  await workbench.cured("example.com/greet is found again");
  await finding.waitFor({ state: "detached" });

  // The history has the cure, and takes it back.
  await probe.call("command", { command: "gophantom.showHistory" });
  await view.locator(".monaco-list-row", { hasText: "Cures" }).waitFor();
  await workbench.picture("history");
  const undoable = view.locator(".monaco-list-row", { hasText: "GOPROXY" }).filter({ hasText: "can be undone" }).last();
  await undoable.hover();
  await undoable.locator('.action-label[aria-label*="Undo"]').click();
  // The import stays green: the module is in the cache by now. The copy that hides the file is there again.
  await probe.waitFor((all) => all.some((item) => item.code === "masked-variable"), "the masked variable again");
  await view.locator(".monaco-list-row", { hasText: "it was undone" }).first().waitFor();
  await workbench.picture("undone");
  assert.equal(await workbench.notifications.count(), 0, "no notification");
});
