// npm start, as a newcomer meets it: the demo is red in the served editor, green in its terminal, and gone after Ctrl-C.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, watch } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { root, screenshots } from "../../scripts/layout.mjs";
import { explorer, openPage } from "./workbench.mjs";

test("npm start serves a demo with a live phantom", { timeout: 300_000 }, async () => {
  await using closing = new AsyncDisposableStack();
  const start = spawn(process.execPath, [join(root, "extension", "scripts", "start.mjs")], {
    env: {
      ...process.env,
      VSCODE_IPC_HOOK_CLI: "in use", // the browser-served editor, also where the desktop one is installed
      EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "http://127.0.0.1:9/" }), // nothing answers there
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(start, "exit");
  closing.defer(async () => {
    start.kill("SIGTERM");
    await exited;
  });
  const lines = createInterface({ input: start.stdout })[Symbol.asyncIterator]();

  const [, address] = await lineWith(lines, /(http:\/\/127\.0\.0\.1:\S+)/);
  const workspace = new URL(address).searchParams.get("folder");
  const page = await openPage(closing);
  await page.goto(address);
  await explorer(page).waitFor();
  await page.locator(".monaco-editor .squiggly-error").first().waitFor();
  await lineWith(lines, /is repaired/);
  // By then the workbench is complete and heeds its keys.
  await page.locator('[id="gophantom.gophantom.gophantom.status"]', { hasText: "1 phantom" }).waitFor();

  const appears = fileAppears(workspace, "built");
  await page.keyboard.press("Control+Backquote");
  const terminal = page.locator(".terminal-wrapper.active");
  await terminal.locator(".terminal-command-decoration").first().waitFor(); // the shell has prompted
  await terminal.locator(".xterm-helper-textarea").focus();
  await page.keyboard.type("go build -o built .\n");
  await appears;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, "start.png") });
  assert.ok(await page.locator(".monaco-editor .squiggly-error").first().isVisible(), "red in the editor all the same");

  start.kill("SIGINT");
  assert.deepEqual(await exited, [0, null]);
  assert.ok(!existsSync(workspace), "the demo is removed");
});

/** The match of the first of the coming lines that holds the pattern. */
async function lineWith(lines, pattern) {
  const seen = [];
  for (;;) {
    const { value, done } = await lines.next();
    assert.ok(!done, `no line with ${pattern} in\n${seen.join("\n")}`);
    seen.push(value);
    const match = pattern.exec(value);
    if (match) {
      return match;
    }
  }
}

async function fileAppears(dir, name) {
  for await (const { filename } of watch(dir, { signal: AbortSignal.timeout(60_000) })) {
    if (filename === name && existsSync(join(dir, name))) {
      return;
    }
  }
}
