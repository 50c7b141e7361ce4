// The editor in Simplified Chinese: what is ours speaks it, what go and gopls say stays as it is.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { makeDemo } from "../../scripts/demo.mjs";
import { root } from "../../scripts/layout.mjs";
import { gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const parsed = async (name) => JSON.parse(await readFile(join(root, name), "utf8"));

test("all that is ours speaks the language of the editor", { timeout: 240_000 }, async () => {
  const [manifest, chinese, texts] = await Promise.all(
    ["package.json", "package.nls.zh-cn.json", "l10n/bundle.l10n.zh-cn.json"].map(parsed),
  );
  const command = manifest.contributes.commands.find((c) => c.command === "gophantom.showReport");
  await using demo = await makeDemo({ gopls });
  await using workbench = await openWorkbench({
    name: "language",
    language: "zh-cn",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    env: demo.env,
    settings: demo.settings,
  });
  const { page, probe } = workbench;
  await probe.waitFor((all) => all.some(isImportError), "gopls' red import");
  await demo.repair();
  const [ours] = (await probe.waitFor((all) => all.some((item) => item.code === "phantom"), "our problem")).filter(
    (item) => item.code === "phantom",
  );
  assert.match(ours.message, /^幻影错误.*example\.com\/greet.*module lookup disabled by GOPROXY=off/s);
  await workbench.statusSays(/Go Phantom: 1 个幻影错误/);
  assert.match(await workbench.tooltip(), new RegExp(texts["Show Environment Report"]));

  await probe.call("command", { command: "gophantom.environment.focus" });
  await page.locator(".pane-header", { hasText: chinese.view }).waitFor();
  await page.locator(".monaco-list-row", { hasText: texts.Findings }).first().waitFor();
  await probe.call("command", { command: command.command });
  await workbench.preview(/could not import example\.com\/greet[\s\S]*GOPROXY/);
  await workbench.picture("report");

  // The palette has the manifest's words.
  await page.keyboard.press("F1");
  await workbench.choices.first().waitFor();
  await page.keyboard.type("Go Phantom");
  await workbench.choices
    .filter({ hasText: chinese[command.title.slice(1, -1)] })
    .first()
    .waitFor();
});
