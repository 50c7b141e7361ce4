import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { beforeEach, type TestContext, test } from "node:test";
import { registerCommands } from "../../src/commands";
import { EnvironmentTree } from "../../src/environmentTree";
import type { CureResult, EditorFacts, Tree, TreeNode } from "../../src/protocol.gen";
import { type Client, type ClientEvents, SessionManager } from "../../src/session";
import { status } from "./serverStatus";
import { editor, fakeLog, resetEditor } from "./vscodeApi";

beforeEach(resetEditor);

/** A server as the manager sees it. */
class FakeServer implements Client {
  readonly facts: EditorFacts[] = [];
  readonly executed: { command: string; args: unknown[] }[] = [];
  stopped = false;
  answer: (command: string) => unknown = () => undefined;
  progress: string[] = [];
  answerTree: Tree = { snapshot: 0, roots: [] };
  /** How often the tree was asked for. */
  asked = 0;

  constructor(
    readonly program: string,
    readonly events: ClientEvents,
  ) {}

  async start() {}

  async stop() {
    this.stopped = true;
  }

  sendFacts(facts: EditorFacts) {
    this.facts.push(facts);
  }

  async tree() {
    this.asked++;
    return this.answerTree;
  }

  async environmentReport(uri: string | undefined) {
    return { page: uri ?? "", markdown: "", files: [] };
  }

  async execute(command: string, args: unknown[], report: (message: string) => void) {
    this.executed.push({ command, args });
    for (const message of this.progress) {
      report(message);
    }
    return this.answer(command);
  }
}

/** An extension folder with an executable server in bin/. */
function extensionFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "gophantom-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, "bin"));
  const program = path.join(folder, "bin", process.platform === "win32" ? "gophantom.exe" : "gophantom");
  writeFileSync(program, "");
  chmodSync(program, 0o755);
  return folder;
}

async function startManager(t: TestContext, extensionPath = extensionFolder(t)) {
  const servers: FakeServer[] = [];
  const log = fakeLog();
  const manager = new SessionManager({
    extensionPath,
    version: "1.2.3",
    storage: path.join(extensionPath, "none"),
    logs: path.join(extensionPath, "logs"),
    log,
    createClient(program, events) {
      const server = new FakeServer(program, events);
      servers.push(server);
      return server;
    },
  });
  const tree = new EnvironmentTree(manager, log);
  const commands = registerCommands(manager, tree, log);
  t.after(async () => {
    commands.dispose();
    tree.dispose();
    await manager.dispose();
  });
  manager.start();
  await settle();
  const newest = () => servers.at(-1) ?? assert.fail("no server was started");
  return { manager, servers, newest, log, run: (id: string, ...args: unknown[]) => editor.commands[id]?.(...args) };
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle() {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
}

test("a running server gets the facts, and its status is shown and told", async (t) => {
  const { manager, newest } = await startManager(t);
  assert.equal(newest().facts.length, 1);
  assert.match(editor.statusItem?.text ?? "", /warming up/);
  assert.deepEqual(newest().events.initOptions, {
    editorActions: [
      "unsetEnv",
      "setEnv",
      "restartGopls",
      "reloadGopls",
      "installGopls",
      "restartExtensionHost",
      "showDiff",
      "addFolder",
      "save",
    ],
    editorName: "Test Editor",
    codeLens: true,
  });

  const heard: unknown[] = [];
  manager.onDidChangeStatus((s) => heard.push(s));
  const phantom = status({ health: "warning", cure: "Restart gopls" }, { phantom: 1 });
  newest().events.onStatus(phantom);
  assert.deepEqual(heard, [phantom]);
  assert.equal(manager.status(), phantom);
  assert.match(editor.statusItem?.text ?? "", /1 phantom/);
  assert.deepEqual(
    [editor.contexts["gophantom.active"], editor.contexts["gophantom.running"], editor.contexts["gophantom.curable"]],
    [true, true, true],
  );
});

test("a server that ends is started again, and in the end not", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { manager, servers, newest, run } = await startManager(t);
  while (manager.currentState().kind !== "stopped") {
    const server = newest();
    server.events.onEnd("It crashed.");
    assert.equal(server.stopped, true);
    assert.equal(manager.status(), undefined);
    if (manager.currentState().kind === "restarting") {
      t.mock.timers.tick(60_000);
      await settle();
      assert.notEqual(newest(), server, "a new server was started");
      assert.equal(manager.currentState().kind, "running");
    }
    assert.ok(servers.length < 20, "it must give up");
  }
  assert.ok(servers.length > 2);
  assert.match(editor.statusItem?.text ?? "", /stopped/);
  assert.equal(editor.contexts["gophantom.running"], false);
  assert.deepEqual(editor.warnings, [], "no notifications");

  const before = servers.length;
  await run("gophantom.restartServer");
  await settle();
  assert.equal(servers.length, before + 1);
  assert.equal(manager.currentState().kind, "running");
  newest().events.onEnd("It crashed.");
  assert.equal(manager.currentState().kind, "restarting", "earlier ends are forgiven");
});

test("a late word of an old server is not heard", async (t) => {
  const { manager, servers, newest, run } = await startManager(t);
  const old = newest();
  await run("gophantom.restartServer");
  await settle();
  assert.equal(old.stopped, true);
  old.events.onStatus(status({ health: "error" }));
  old.events.onEnd("late");
  assert.equal(manager.status(), undefined);
  assert.equal(manager.currentState().kind, "running");
  assert.equal(servers.length, 2);
});

test("a missing server is one sentence, and no restarts", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const folder = extensionFolder(t);
  rmSync(path.join(folder, "bin"), { recursive: true });
  const { servers, log } = await startManager(t, folder);
  t.mock.timers.tick(600_000);
  await settle();
  assert.equal(servers.length, 0);
  assert.match(editor.statusItem?.text ?? "", /stopped/);
  assert.match(editor.statusItem?.accessibilityLabel ?? "", /no server.*go install/);
  assert.equal(log.lines.filter((line) => line.startsWith("error")).length, 1);
  assert.deepEqual(editor.warnings, []);
});

test("trust and the setting decide anew which program runs", async (t) => {
  const folder = extensionFolder(t);
  const other = path.join(folder, "other");
  writeFileSync(other, "");
  chmodSync(other, 0o755);
  editor.trusted = false;
  editor.settings["gophantom.server.path"] = other;
  const { servers, newest } = await startManager(t, folder);
  assert.notEqual(newest().program, other);
  assert.equal(newest().facts[0]?.trusted, false);

  editor.trusted = true;
  editor.granted.fire();
  await settle();
  assert.equal(newest().program, other);
  assert.equal(servers[0]?.stopped, true);

  editor.settingChanged.fire("gophantom.server.path");
  await settle();
  assert.equal(servers.length, 2, "nothing changed");
});

test("an editor action is answered after the new facts were sent", async (t) => {
  process.env.GOPROXY = "off";
  t.after(() => {
    delete process.env.GOPROXY;
  });
  const { newest } = await startManager(t);
  assert.equal(newest().facts.at(-1)?.env?.GOPROXY, "off");
  const answer = await newest().events.onEditorAction({ kind: "unsetEnv", names: ["GOPROXY"] });
  assert.equal(answer.ok, true);
  assert.equal(newest().facts.length, 2);
  assert.ok(!("GOPROXY" in (newest().facts.at(-1)?.env ?? { GOPROXY: "" })));
});

test("a question of the server shows its title apart from what will be done", async (t) => {
  const { newest } = await startManager(t);
  editor.answer = "Apply";
  const answer = await newest().events.onQuestion("Change it\n\nThis weakens security.\n\n-a\n+b", ["Apply", "Cancel"]);
  assert.equal(answer, "Apply");
  assert.deepEqual(editor.questions, [
    { title: "Change it", detail: "This weakens security.\n\n-a\n+b", answers: ["Apply", "Cancel"] },
  ]);
});

function result(outcome: string, next = ""): CureResult {
  const undoable = outcome === "cured" || outcome === "not-cured";
  return { outcome, message: "What happened [x](command:evil).", millis: 5, next, undoable };
}

test("cure: shows progress, tells success in the status bar, and can be undone", async (t) => {
  const { newest, run } = await startManager(t);
  newest().progress = ["Restarting gopls"];
  newest().answer = () => result("cured");
  assert.deepEqual(await run("gophantom.cure"), result("cured"));
  assert.deepEqual(newest().executed, [{ command: "gophantom.cure", args: [] }]);
  assert.deepEqual(editor.progress, ["Go Phantom: Curing", "Restarting gopls"]);
  assert.equal(editor.flashes.length, 1);
  assert.deepEqual(editor.warnings, []);
  assert.equal(editor.contexts["gophantom.undoable"], true);

  newest().answer = () => result("undone");
  await run("gophantom.undo");
  assert.equal(editor.contexts["gophantom.undoable"], false);
});

test("undo: what a server before this one has cured can be undone", async (t) => {
  const { newest } = await startManager(t);
  newest().events.onStatus(status({ undoable: true }));
  assert.equal(editor.contexts["gophantom.undoable"], true);
  newest().events.onStatus(status({ undoable: false, etag: "f" }));
  assert.equal(editor.contexts["gophantom.undoable"], false);
});

test("cure: one warning when it did not help, offering the next rung", async (t) => {
  const { newest, run } = await startManager(t);
  const outcomes = [result("not-cured", "Restart the extension host"), result("cured")];
  newest().answer = () => outcomes.shift();
  editor.answer = "Restart the extension host";
  await run("gophantom.cure");
  await settle();
  assert.deepEqual(
    editor.warnings.map(({ buttons }) => buttons),
    [["Restart the extension host"]],
  );
  assert.doesNotMatch(editor.warnings[0]?.message ?? "", /\]\(/);
  assert.deepEqual(
    newest().executed.map(({ command }) => command),
    ["gophantom.cure", "gophantom.cure"],
  );
});

test("cure: what the user has to do is one notification", async (t) => {
  const { newest, run } = await startManager(t);
  newest().answer = () => result("by-hand");
  await run("gophantom.fix", { fix: "set-variable", snapshot: 1, contextId: "c" });
  assert.equal(editor.told.length, 1);
  assert.match(editor.told[0] ?? "", /What happened/);
  assert.doesNotMatch(editor.told[0] ?? "", /\]\(/);
  assert.deepEqual([editor.flashes, editor.warnings], [[], []]);
});

test("cure: other outcomes are a word in the status bar", async (t) => {
  const { newest, run } = await startManager(t);
  for (const outcome of ["declined", "refused", "nothing"]) {
    newest().answer = () => result(outcome);
    await run("gophantom.fix", { fix: "restart-gopls", snapshot: 1, contextId: "c" });
  }
  assert.equal(editor.flashes.length, 3);
  assert.deepEqual(editor.warnings, []);
  assert.deepEqual(newest().executed[0]?.args, [{ fix: "restart-gopls", snapshot: 1, contextId: "c" }]);
});

test("cure: only one at a time", async (t) => {
  const { newest, run } = await startManager(t);
  let finish: (value: unknown) => void = () => {};
  const answers: unknown[] = [new Promise((resolve) => (finish = resolve)), result("nothing"), result("nothing")];
  newest().answer = () => answers.shift();
  const first = run("gophantom.cure");
  await settle();
  await run("gophantom.cure");
  assert.equal(newest().executed.length, 1);
  finish(result("cured"));
  await first;
  await run("gophantom.cure");
  assert.equal(newest().executed.length, 2);
});

test("a command that fails is one notification", async (t) => {
  const { newest, run } = await startManager(t);
  newest().answer = () => {
    throw new Error("broken");
  };
  assert.equal(await run("gophantom.check"), undefined);
  assert.equal(editor.warnings.length, 1);
  assert.match(editor.warnings[0]?.message ?? "", /broken/);
});

test("a command that a dying server leaves unanswered says so", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { newest, run } = await startManager(t);
  newest().answer = () => {
    newest().events.onEnd("It crashed.");
    throw new Error("Pending response rejected since connection got disposed");
  };
  await run("gophantom.check");
  assert.match(editor.warnings[0]?.message ?? "", /server ended/);
  await run("gophantom.check");
  assert.match(editor.warnings[1]?.message ?? "", /not running/);
});

test("explain: the rule of the code action, else of the problem at the cursor", async (t) => {
  const { newest, run } = await startManager(t);
  newest().answer = () => "# Why";
  await run("gophantom.explain", { rule: "env-drift" });
  assert.equal(editor.documents["env-drift"], "# Why");

  const ours = (rule: string) => ({ source: "gophantom", code: { value: rule }, message: "m" }) as never;
  editor.diagnostics = [["/w/go.mod", [ours("env-drift"), ours("masked-variable")]]];
  editor.here = [ours("masked-variable"), { source: "compiler", code: "x", message: "m" } as never];
  await run("gophantom.explain");
  assert.equal(editor.documents["masked-variable"], "# Why");
  assert.equal(editor.picks.length, 0, "one problem at the cursor needs no question");

  editor.here = [];
  editor.answer = "env-drift";
  await run("gophantom.explain");
  assert.deepEqual(editor.picks[0]?.labels, ["env-drift", "masked-variable"]);
  assert.deepEqual(newest().executed.at(-1), { command: "gophantom.explain", args: [{ rule: "env-drift" }] });

  editor.diagnostics = [];
  const executed = newest().executed.length;
  await run("gophantom.explain");
  assert.equal(newest().executed.length, executed);
});

test("probe: asks for the route of the code action, and shows what comes unless it was stopped", async (t) => {
  const { newest, run } = await startManager(t);
  newest().answer = () => "# Answers";
  const route = { uri: "file:///w/go.mod", module: "example.com/dep@v1.0.0" };
  await run("gophantom.probe", route);
  assert.deepEqual(newest().executed.at(-1), { command: "gophantom.probe", args: [route] });
  assert.equal(editor.documents.probe, "# Answers");

  await run("gophantom.probe");
  assert.equal(newest().executed.length, 1, "without a route nobody is asked");

  editor.stopped = true;
  newest().answer = () => {
    throw new Error("Canceled");
  };
  await run("gophantom.probe", route);
  assert.equal(newest().executed.length, 2);
  assert.deepEqual(editor.warnings, []);
});

test("pages about a problem: what a code action names is asked about, and shown", async (t) => {
  const { newest, run } = await startManager(t);
  const place = { uri: "file:///w/main.go", line: 3, message: "could not import x" };
  for (const [command, name] of [
    ["gophantom.explain", "problem"],
    ["gophantom.record", "record"],
    ["gophantom.bisect", "bisect"],
  ] as const) {
    newest().answer = () => `# ${name}`;
    await run(command, place);
    assert.deepEqual(newest().executed.at(-1), { command, args: [place] });
    assert.equal(editor.documents[name], `# ${name}`);
  }
  const asked = newest().executed.length;
  await run("gophantom.record");
  await run("gophantom.bisect", { uri: 7 });
  assert.equal(newest().executed.length, asked, "without a document nobody is asked");
});

test("actions: picking one runs it", async (t) => {
  const { newest, run } = await startManager(t);
  newest().events.onStatus(status({ health: "warning", cure: "Fix $(x) it" }));
  newest().answer = () => result("cured");
  editor.answer = "$(wand) Fix \\$(x) it";
  await run("gophantom.showActions");
  assert.equal(newest().executed[0]?.command, "gophantom.cure");
});

test("gopls is asked for its views when it starts and on Check Now, never without its command", async (t) => {
  const { newest, run } = await startManager(t);
  editor.extensions["golang.go"] = {
    packageJSON: {},
    isActive: true,
    exports: undefined,
    activate: async () => undefined,
  };
  let asked = 0;
  editor.commands["gopls.views"] = () => {
    asked++;
    return [{ ID: `${asked}`, Type: "GoMod", Root: "file:///w", Folder: "file:///w" }];
  };
  const told = () =>
    newest()
      .facts.at(-1)
      ?.views?.map(({ id }) => id);

  newest().events.onStatus({ ...status(), gopls: [7] });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await settle();
  newest().events.onStatus({ ...status(), gopls: [7] });
  await settle();
  assert.equal(asked, 1, "the same process is not asked again");

  await run("gophantom.check");
  assert.equal(asked, 2);
  assert.deepEqual(told(), ["2"]);

  delete editor.commands["gopls.views"];
  await run("gophantom.check");
  assert.equal(told(), undefined);
});

test("gopls is asked again for its views once it has heard of a setting", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { newest } = await startManager(t);
  editor.extensions["golang.go"] = {
    packageJSON: {},
    isActive: true,
    exports: undefined,
    activate: async () => undefined,
  };
  let asked = 0;
  editor.commands["gopls.views"] = () => {
    asked++;
    return [{ ID: "1", Type: "GoMod", Root: "file:///w", Folder: "file:///w" }];
  };
  /** Time passes in small steps, for a timer may make another one. */
  const pass = async (millis: number) => {
    for (let passed = 0; passed < millis; passed += 100) {
      t.mock.timers.tick(100);
      await settle();
    }
  };
  for (const section of ["gopls", "go"]) {
    const before = asked;
    editor.settingChanged.fire(section);
    editor.settingChanged.fire(section);
    await pass(2900);
    assert.equal(asked, before, "gopls may not have heard of it yet");
    await pass(1000);
    assert.equal(asked, before + 1, section);
    assert.equal(newest().facts.at(-1)?.viewsAsked, asked, "the same views, told of anew");
  }
});

test("gopls is asked for its modules where there are phantoms, once for what is new", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { newest } = await startManager(t);
  editor.extensions["golang.go"] = {
    packageJSON: {},
    isActive: true,
    exports: undefined,
    activate: async () => undefined,
  };
  const asked: unknown[] = [];
  editor.folders = ["/w"];
  editor.commands["gopls.views"] = () => [{ ID: "1", Type: "GoMod", Root: "file:///w", Folder: "file:///w" }];
  editor.commands["gopls.modules"] = (...args: unknown[]) => {
    asked.push(...args);
    return { Modules: [{ Path: "example.com/a", GoMod: "file:///w/go.mod" }] };
  };
  const pass = async () => {
    for (let passed = 0; passed < 4000; passed += 100) {
      t.mock.timers.tick(100);
      await settle();
    }
  };
  const counts = (phantom: number) => ({ ...status().counts, phantom });
  newest().events.onStatus({ ...status(), gopls: [7], events: "1" });
  await pass();
  assert.deepEqual(asked, [], "all is green");
  assert.equal(newest().facts.at(-1)?.modules, undefined);

  newest().events.onStatus({ ...status(), gopls: [7], counts: counts(1), events: "2" });
  await pass();
  assert.deepEqual(asked, [{ Dir: "file:///w", MaxDepth: -1 }]);
  assert.deepEqual(newest().facts.at(-1)?.modules, [{ path: "example.com/a", goMod: "/w/go.mod" }]);
  newest().events.onStatus({ ...status(), gopls: [7], counts: counts(1), events: "2" });
  await pass();
  assert.equal(asked.length, 1, "nothing is new");

  // The command would fail, and the Go extension would show that.
  editor.diagnostics = [
    [
      "/w/go.mod",
      [
        {
          message: "",
          severity: 0,
          range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
        } as never,
      ],
    ],
  ];
  newest().events.onStatus({ ...status(), gopls: [7], counts: counts(1), events: "3" });
  await pass();
  assert.equal(asked.length, 1);
  assert.equal(newest().facts.at(-1)?.modules, undefined);
});

/** A tree with one finding that can be cured, and one cure that can be undone. */
function someTree(): Tree {
  const location = { uri: "file:///ws/.vscode/settings.json", line: 11 };
  const finding: TreeNode = {
    id: "findings/f",
    kind: "warning",
    label: "GOPROXY differs.",
    fix: { fix: "unmask", snapshot: 7, contextId: "c" },
    explain: { rule: "env-drift" },
    location,
  };
  const cure: TreeNode = { id: "history/cures/c", kind: "carried-out", label: "Unmask GOPROXY", undo: "42" };
  return {
    snapshot: 7,
    roots: [
      { id: "findings", kind: "root", label: "", count: 1, children: [finding] },
      {
        id: "history",
        kind: "root",
        label: "",
        children: [{ id: "history/cures", kind: "cures", label: "Cures", children: [cure] }],
      },
    ],
  };
}

test("the tree is asked for when its status changed and somebody looks, and not otherwise", async (t) => {
  const { newest } = await startManager(t);
  newest().answerTree = someTree();
  newest().events.onStatus(status({ etag: "1" }));
  await settle();
  assert.equal(newest().asked, 0, "nobody looks");
  editor.tree.visible = true;
  editor.tree.visibility.fire();
  await settle();
  assert.equal(newest().asked, 1);
  editor.tree.visibility.fire();
  newest().events.onStatus(status({ etag: "1" }));
  await settle();
  assert.equal(newest().asked, 1, "nothing changed");
  newest().events.onStatus(status({ etag: "2" }));
  await settle();
  assert.equal(newest().asked, 2);
  assert.equal(editor.tree.changes, 2);
});

test("lines of the tree are cured, explained, opened and undone, by their menu or by the selection", async (t) => {
  const { newest, run } = await startManager(t);
  newest().answerTree = someTree();
  newest().answer = () => "# page";
  editor.tree.visible = true;
  newest().events.onStatus(status());
  await settle();
  const [findings, history] = newest().answerTree.roots ?? [];
  const finding = findings?.children?.[0];
  const cure = history?.children?.[0]?.children?.[0];
  await run("gophantom.item.explain", finding);
  await run("gophantom.item.reveal", finding);
  assert.deepEqual(editor.opened, ["file:///ws/.vscode/settings.json:11"]);
  assert.equal(editor.documents["env-drift"], "# page");
  newest().answer = () => ({ outcome: "cured", message: "Cured.", millis: 1, next: "", undoable: true });
  editor.tree.selection = finding;
  await run("gophantom.item.cure");
  await run("gophantom.item.undo", cure);
  await run("gophantom.item.cure", cure); // it has no fix
  assert.deepEqual(newest().executed.slice(1), [
    { command: "gophantom.fix", args: [finding?.fix] },
    { command: "gophantom.undo", args: [{ cure: "42" }] },
  ]);
  assert.deepEqual(editor.warnings, []);
});

test("Compare Environments and Show History open their part of the view", async (t) => {
  const { newest, run } = await startManager(t);
  newest().answerTree = someTree();
  newest().events.onStatus(status());
  editor.commands["gophantom.environment.focus"] = () => {
    editor.tree.visible = true;
  };
  await run("gophantom.showHistory");
  assert.deepEqual(editor.tree.revealed, [newest().answerTree.roots?.[1]]);
});

test("a route is asked for, and a report is copied", async (t) => {
  const { newest, run } = await startManager(t);
  newest().events.onStatus(status());
  newest().answer = (command) => `# ${command}`;
  await run("gophantom.showRoute"); // dismissed
  editor.typed = " example.com/lib ";
  await run("gophantom.showRoute");
  await run("gophantom.copyReport");
  assert.deepEqual(newest().executed, [
    { command: "gophantom.route", args: [{ module: "example.com/lib" }] },
    { command: "gophantom.redacted", args: [] },
  ]);
  assert.equal(editor.documents.route, "# gophantom.route");
  assert.equal(editor.clipboard, "# gophantom.redacted");
});

test("a question without details does not cover the editor that shows them", async (t) => {
  const { newest } = await startManager(t);
  await newest().events.onQuestion("Change it", ["Apply", "Cancel"]);
  assert.deepEqual([editor.beside.length, editor.questions.length], [1, 0]);
  const shown = await newest().events.onEditorAction({ kind: "showDiff", uri: "file:///ws/a", text: "b", title: "T" });
  assert.deepEqual(shown, { ok: true });
  assert.deepEqual(editor.diffs, [{ uri: "file:///ws/a", text: "b", title: "T", isNew: false }]);
});
