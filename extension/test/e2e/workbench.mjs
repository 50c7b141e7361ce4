// A real VS Code workbench in a browser, for one test: fresh settings, extensions, ports and processes, all gone at the end of the
// `await using`. Its logs and a last picture stay in out/e2e.

import { EventEmitter, once } from "node:events";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import {
  installExtension,
  installGoPhantom,
  installStandIn,
  quietSettings,
  startServer,
} from "../../scripts/browserEdition.mjs";
import { find } from "../../scripts/command.mjs";
import { screenshots } from "../../scripts/layout.mjs";

/** How long anything in the workbench may take before the test fails: generous, for it is only ever waited out by a failure. */
const patience = 100_000;

/** For the pictures of the documentation: see pictures.mjs. */
const forReaders = Boolean(process.env.GOPHANTOM_E2E_FOR_READERS);

// Killed, we still take the servers with us: they end with the process's own end.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => process.exit(1));
}

/**
 * Opens a workbench.
 *
 *   name        of its pictures and logs
 *   workspace   the folder or .code-workspace file to open, file the file to open in it
 *   env         the environment that VS Code is started with
 *   settings    user settings
 *   golang      what plays golang.go: "stand-in" (default), "none" or the path of a .vsix
 *   goPhantom   whether Go Phantom is installed, default true; or the path of a .vsix of it
 *   trusted     whether the workspace is trusted, default true
 *   language    that VS Code speaks, default "en"; it needs no language pack, and its own words stay English
 */
export async function openWorkbench({
  name,
  workspace,
  file,
  env,
  settings,
  golang = "stand-in",
  goPhantom = true,
  trusted = true,
  language = "en",
}) {
  await using closing = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "gophantom-e2e-"));
  closing.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const at = (...names) => join(dir, ...names);
  const [dataDir, extensionsDir, socket] = [at("data"), at("extensions"), at("probe.sock")];
  await mkdir(extensionsDir);
  await mkdir(screenshots, { recursive: true });

  await cp(fileURLToPath(new URL("probe", import.meta.url)), join(extensionsDir, "gophantom-e2e.probe-0.0.0"), {
    recursive: true,
  });
  const install = async (vsix) => {
    if (!(await installExtension(extensionsDir, dataDir, vsix))) {
      throw new Error(`VS Code could not install ${vsix}`);
    }
  };
  if (goPhantom === true) {
    await installGoPhantom(extensionsDir);
  }
  if (golang === "stand-in") {
    await installStandIn(extensionsDir);
  } else if (golang !== "none") {
    await install(golang);
  }
  if (typeof goPhantom === "string") {
    await install(goPhantom);
  }

  const probe = await listen(closing, socket);
  const server = await startServer({
    dataDir,
    extensionsDir,
    env: { ...env, GOPHANTOM_E2E_PROBE: socket },
    settings: {
      ...quietSettings,
      ...(forReaders ? { "workbench.colorTheme": "Default Light Modern", "editor.minimap.enabled": false } : {}),
      ...(trusted
        ? { "security.workspace.trust.enabled": false }
        : { "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" }),
      ...settings,
    },
  });
  closing.defer(() => server.stop());

  const page = await openPage(closing);
  await page.addInitScript((it) => {
    globalThis._VSCODE_NLS_LANGUAGE = it;
  }, language);
  closing.defer(async () => {
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
    await cp(join(dataDir, "data", "logs"), join(screenshots, `${name}.logs`), { recursive: true, force: true });
  });
  await page.goto(server.address(workspace, file));
  await explorer(page).waitFor();
  await probe.connected;
  if (forReaders) {
    await page.keyboard.press("Control+B"); // what is said needs the width
    await explorer(page).waitFor({ state: "hidden" });
  }
  return new Workbench(name, page, probe, join(dataDir, "data", "User", "settings.json"), closing.move());
}

/** A page of a browser that reaches this machine only; both end with closing. */
export async function openPage(closing) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROME_PATH || find("chromium") || find("google-chrome"),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--no-first-run",
    ],
  });
  closing.defer(() => browser.close());
  const context = await browser.newContext({
    viewport: forReaders ? { width: 1100, height: 640 } : { width: 1400, height: 900 },
  });
  await context.route(
    (url) => url.hostname !== "127.0.0.1",
    (route) => route.abort(),
  );
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  return page;
}

/** The first entry of the explorer: it is there when the workbench is. */
export function explorer(page) {
  return page.locator(".monaco-workbench .explorer-folders-view .monaco-list-row").first();
}

class Workbench {
  #name;
  #closing;

  constructor(name, page, probe, settingsFile, closing) {
    this.#name = name;
    this.#closing = closing;
    this.page = page;
    this.probe = probe;
    /** The user's settings.json. */
    this.settingsFile = settingsFile;
  }

  /** Go Phantom's item in the status bar. */
  get status() {
    return this.page.locator('[id="gophantom.gophantom.gophantom.status"]');
  }

  /** Waits until the status item says what is expected, in its text or in what it tells a screen reader; answers that. */
  async statusSays(pattern) {
    await this.status.waitFor();
    const handle = await this.page.waitForFunction(
      ({ id, source, flags }) => {
        const item = document.getElementById(id);
        const labels = [item, ...(item?.querySelectorAll("[aria-label]") ?? [])].map(
          (e) => e?.getAttribute("aria-label") ?? "",
        );
        const text = [item?.textContent ?? "", ...labels].join("\n");
        return new RegExp(source, flags).test(text) && text;
      },
      { id: "gophantom.gophantom.gophantom.status", source: pattern.source, flags: pattern.flags },
    );
    return handle.jsonValue();
  }

  /** Shows the Problems panel and answers its rows that hold the text. */
  async problems(text) {
    const panel = this.page.locator(".markers-panel");
    if (!(await panel.isVisible())) {
      await this.page.keyboard.press("Control+Shift+M");
      await panel.waitFor();
    }
    return panel.locator(".monaco-list-row", { hasText: text });
  }

  /** The rows of the list that VS Code has opened for a choice. */
  get choices() {
    return this.page.locator(".quick-input-list .monaco-list-row");
  }

  /** Opens the actions of the status item, which are headed by about, and takes the first, which must have this title. */
  async takeBestAction(about, title) {
    await this.status.click();
    // VS Code uses one list for every choice: the heading tells that it is ours by now.
    const list = this.page.locator(".quick-input-widget", { has: this.page.locator(`input[placeholder*="${about}"]`) });
    await list.waitFor();
    await list.locator(".monaco-list-row").first().filter({ hasText: title }).click();
    await list.waitFor({ state: "hidden" });
  }

  /** The hover of the status item. */
  async tooltip() {
    await this.status.hover();
    const hover = this.page.locator(".workbench-hover", { hasText: "Go Phantom" });
    await hover.waitFor();
    return hover.innerText();
  }

  /** The dialog that VS Code shows, which has to be answered before anything else. */
  get dialog() {
    return this.page.locator(".monaco-dialog-box");
  }

  /** Presses a button of the dialog. */
  async answer(button) {
    await this.dialog.locator(".monaco-button", { hasText: button }).click();
  }

  /** Waits until Go Phantom says that it has checked its cure, and what is well again. */
  async cured(relief) {
    await this.page.locator(".statusbar-item", { hasText: new RegExp(`Cured in .*: ${relief}`) }).waitFor();
  }

  /** Undoes the last cure; answers how that went. */
  undo() {
    return this.probe.call("command", { command: "gophantom.undo" });
  }

  /** Opens a file of the workspace by its name. */
  async open(name) {
    const list = this.page.locator(".quick-input-widget");
    const input = list.locator("input.input");
    do {
      await this.page.keyboard.press("Control+P"); // lost where the focus is still on its way, or in a page
    } while (!(await comes(input)));
    await input.fill(name);
    await list.locator(".monaco-list-row", { hasText: name }).first().click();
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
  }

  /** Hovers over the last place of a word on the first line that has the text; answers what we say there. */
  async hover(text, word) {
    const line = this.page.locator(".monaco-editor .view-line", { hasText: text }).first();
    await line.waitFor();
    const said = this.page
      .locator(".monaco-hover .hover-row:visible", { hasText: /in gopls|as each environment has it/ })
      .first();
    // The pointer has to move over the word for the editor to ask, and the first time we may still be looking.
    do {
      await this.page.mouse.move(5, 5);
      await line.locator("span", { hasText: word }).last().hover();
    } while (!(await comes(said)));
    return said.innerText();
  }

  /** Waits until the Markdown preview shows what is expected. */
  async preview(pattern) {
    const deadline = AbortSignal.timeout(patience);
    for (;;) {
      for (const frame of this.page.frames()) {
        const text = await frame
          .locator("body")
          .innerText({ timeout: 1000 })
          .catch(() => "");
        if (frame !== this.page.mainFrame() && pattern.test(text)) {
          return text;
        }
      }
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The notifications that stand in the window. */
  get notifications() {
    return this.page.locator(".notifications-toasts .notification-list-item");
  }

  /** Opens the quick fixes of the first place where the editor shows the text, and answers their rows. */
  async quickFixes(text) {
    await this.page.locator(".monaco-editor .view-line", { hasText: text }).first().click();
    // The bulb comes when the editor knows of fixes there; asked before that, VS Code only says that there are none.
    await this.page
      .locator(".monaco-editor .lightBulbWidget, .monaco-editor [class*=codicon-gutter-lightbulb]")
      .first()
      .waitFor();
    const rows = this.page.locator(".action-widget .monaco-list-row");
    do {
      await this.page.keyboard.press("Control+."); // lost where the focus is still on its way to the editor
    } while (!(await comes(rows.first())));
    return rows;
  }

  async [Symbol.asyncDispose]() {
    await this.#closing.disposeAsync();
  }

  /** Keeps a picture of this moment in out/e2e. */
  async picture(moment) {
    await this.page.screenshot({ path: join(screenshots, `${this.#name}-${moment}.png`) });
  }
}

/** Whether something shows soon; what brings it about is done again otherwise. */
export async function comes(locator) {
  return locator.waitFor({ timeout: 5000 }).then(
    () => true,
    () => false,
  );
}

/** The test's end of the probe: see probe/extension.js. */
async function listen(closing, socket) {
  const events = new EventEmitter();
  const answers = new Map();
  let diagnostics = [];
  let connection;
  let requests = 0;
  const server = createServer((accepted) => {
    connection = accepted;
    accepted.on("error", () => {}); // the extension host may be killed at any time
    createInterface({ input: accepted }).on("line", (line) => {
      const message = JSON.parse(line);
      if (message.diagnostics) {
        diagnostics = message.diagnostics;
        events.emit("diagnostics");
      } else if ("error" in message) {
        answers.get(message.id)?.reject(new Error(message.error));
      } else {
        answers.get(message.id)?.resolve(message.result);
      }
    });
  });
  server.listen(socket);
  await once(server, "listening");
  const connected = once(server, "connection");
  closing.defer(() => {
    connection?.destroy();
    server.close();
  });

  return {
    connected,
    /** Runs one operation of the probe in the extension host. */
    call(op, parameters = {}) {
      const id = ++requests;
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no answer to ${op} ${JSON.stringify(parameters)}`)), patience);
        const settle = (how) => (value) => {
          clearTimeout(late);
          answers.delete(id);
          how(value);
        };
        answers.set(id, { resolve: settle(resolve), reject: settle(reject) });
        connection.write(`${JSON.stringify({ ...parameters, id, op })}\n`);
      });
    },
    get diagnostics() {
      return diagnostics;
    },
    /** Waits until the diagnostics of all documents are as wanted; answers them. */
    async waitFor(wanted, what) {
      const signal = AbortSignal.timeout(patience);
      while (!wanted(diagnostics)) {
        await once(events, "diagnostics", { signal }).catch(() => {
          throw new Error(`${what} did not come; the diagnostics are ${JSON.stringify(diagnostics, null, 2)}`);
        });
      }
      return diagnostics;
    },
  };
}
