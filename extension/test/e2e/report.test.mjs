// The environment report in the editor: what it tells of a phantom, in every kind of theme, and that it comes again after a restart.

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import test from "node:test";
import axe from "axe-core";
import { makeDemo } from "../../scripts/demo.mjs";
import { gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const themes = {
  light: { theme: "Light Modern", body: "vscode-light" },
  dark: { theme: "Dark Modern", body: "vscode-dark" },
  contrast: { theme: "Default High Contrast", body: "vscode-high-contrast" },
  "contrast-light": { theme: "Default High Contrast Light", body: "vscode-high-contrast-light" },
};

test("the environment report", { timeout: 300_000 }, async (t) => {
  await using demo = await makeDemo({ gopls });
  await using workbench = await openWorkbench({
    name: "report",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    env: demo.env,
    settings: demo.settings,
  });
  const { page, probe } = workbench;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await probe.waitFor((all) => all.some(isImportError), "the red import");
  await demo.repair();
  await workbench.statusSays(/1 phantom/);
  await probe.call("command", { command: "gophantom.showReport" });
  let report = await reportFrame(page);

  await t.test("tells the phantom, its variable, and the lines of both values", async () => {
    const text = await report.locator("#found").innerText();
    assert.match(text, /phantom could not import example\.com\/greet/);
    assert.match(text, /is decided by: variable GOPROXY=off, in gopls/);
    assert.match(text, /hides: value GOPROXY=file/);
    assert.ok(text.includes(basename(demo.goenv)), text);
    assert.equal(await report.locator("#found .picture svg").count(), 1);
    assert.match(await report.locator("#routes").innerText(), /example\.com\/greet@v1\.0\.0/);
  });

  await t.test("has nothing that axe-core objects to, in any theme", async () => {
    for (const [name, { theme, body }] of Object.entries(themes)) {
      await probe.call("setting", { key: "workbench.colorTheme", value: theme });
      await report.locator(`body.${body}`).waitFor();
      await report.evaluate(axe.source);
      const { violations } = await report.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      const told = violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
      );
      assert.deepEqual(told, [], name);
      await workbench.picture(name);
    }
  });

  await t.test("is worked with the keyboard", async () => {
    await report.locator("#filter").fill("example.com/greet");
    await report.locator("#count", { hasText: /1 finding, 1 module/ }).waitFor();
    await report.locator("#filter").fill("");
    const options = report.locator("#found [role=option]");
    await options.first().focus();
    await page.keyboard.press("End");
    const last = options.last();
    assert.equal(await last.getAttribute("aria-selected"), "true");
    assert.equal(await last.evaluate((option) => option === document.activeElement), true);
    await page.keyboard.press("Home");
    assert.equal(await options.first().getAttribute("aria-selected"), "true");
  });

  await t.test("can be copied", async () => {
    await report.getByRole("button", { name: "Copy redacted report" }).click();
    await report.locator("#tools output", { hasText: "Copied" }).waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /could not import/);
  });

  await t.test("goes to the line that set a value", async () => {
    await report
      .locator("#found .tree button.spot", { hasText: basename(demo.goenv) })
      .first()
      .click();
    await page.locator(".tab.active", { hasText: basename(demo.goenv) }).waitFor();
  });

  await t.test("comes again after a restart of the window", async () => {
    const address = new URL(page.url());
    address.searchParams.delete("payload"); // with a file to open, VS Code opens nothing else again
    await page.goto(address.href);
    report = await reportFrame(page);
    // The restart has taken the mask away, so the report is another one.
    await report.locator("#found-title").waitFor();
  });
});

/** The frame of the panel, once the page in it is drawn. */
async function reportFrame(page) {
  const deadline = AbortSignal.timeout(90_000);
  for (;;) {
    for (const frame of page.frames()) {
      const drawn = await frame
        .locator("#environments")
        .isVisible()
        .catch(() => false);
      if (frame !== page.mainFrame() && drawn) {
        return frame;
      }
    }
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
