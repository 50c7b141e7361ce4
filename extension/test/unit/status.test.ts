import assert from "node:assert/strict";
import { test } from "node:test";
import type { Status } from "../../src/protocol.gen";
import { actionsOf, languageStatusLook, type State, statusItemLook } from "../../src/status";
import { status } from "./serverStatus";

function running(change: Partial<Status> = {}, counts: Partial<Status["counts"]> = {}): State {
  return { kind: "running", status: status(change, counts) };
}

const states: { [name: string]: { state: State; icon: string; words: string; important: boolean } } = {
  starting: { state: { kind: "starting" }, icon: "rocket", words: "starting", important: false },
  "no status yet": {
    state: { kind: "running", status: undefined },
    icon: "loading~spin",
    words: "warming up",
    important: false,
  },
  "warming up": {
    state: running({ ready: false, snapshot: 0 }),
    icon: "loading~spin",
    words: "warming up",
    important: false,
  },
  ok: { state: running(), icon: "pass", words: "ok", important: false },
  "one phantom": {
    state: running({ health: "warning" }, { phantom: 1, warnings: 3 }),
    icon: "warning",
    words: "1 phantom",
    important: true,
  },
  "phantoms, looking again": {
    state: running({ health: "warning", ready: false }, { phantom: 2 }),
    icon: "sync~spin",
    words: "2 phantoms, checking",
    important: true,
  },
  warnings: {
    state: running({ health: "warning" }, { warnings: 3 }),
    icon: "warning",
    words: "3 warnings",
    important: true,
  },
  "an error": { state: running({ health: "error" }, { errors: 1 }), icon: "error", words: "1 error", important: true },
  unknown: {
    state: running({ health: "unknown" }, { unknown: 1 }),
    icon: "question",
    words: "unknown",
    important: true,
  },
  "a health of the future": {
    state: running({ health: "splendid" }),
    icon: "question",
    words: "unknown",
    important: true,
  },
  untrusted: {
    state: running({ trusted: false, health: "unknown" }),
    icon: "shield",
    words: "untrusted",
    important: true,
  },
  restarting: {
    state: { kind: "restarting", seconds: 4 },
    icon: "debug-restart",
    words: "restarting",
    important: true,
  },
  stopped: {
    state: { kind: "stopped", why: "It is missing." },
    icon: "circle-slash",
    words: "stopped",
    important: true,
  },
};

for (const [name, { state, icon, words, important }] of Object.entries(states)) {
  test(`status bar: ${name}`, () => {
    const look = statusItemLook(state, "always");
    assert.equal(look.text, `$(${icon}) Go Phantom: ${words}`);
    assert.ok(look.accessibilityLabel.startsWith(`Go Phantom: ${words}.`), look.accessibilityLabel);
    assert.equal(look.visible, true);
    assert.equal(statusItemLook(state, "problems").visible, important);
    assert.equal(statusItemLook(state, "never").visible, false);
    assert.equal(languageStatusLook(state).busy, icon.includes("spin") || ["starting", "restarting"].includes(name));
  });
}

test("no two kinds of state look or read alike", () => {
  const kinds = [
    "starting",
    "warming up",
    "ok",
    "phantoms, looking again",
    "warnings",
    "an error",
    "unknown",
    "untrusted",
    "restarting",
    "stopped",
  ];
  const texts = kinds.map((kind) => statusItemLook(states[kind]?.state ?? assert.fail(kind), "always").text);
  const [icons, words] = [0, 1].map((part) => new Set(texts.map((text) => text.split(" Go Phantom: ")[part])));
  assert.equal(icons?.size, kinds.length, "icons");
  assert.equal(words?.size, kinds.length, "words");
  const spoken = kinds.map((kind) => statusItemLook(states[kind]?.state ?? assert.fail(), "always").accessibilityLabel);
  assert.equal(new Set(spoken).size, kinds.length, "what a screen reader says");
});

test("the tooltip counts verdicts, says whether gopls is in sync, and when it was checked", () => {
  const checked = "2026-01-02T10:32:05Z";
  const { tooltip } = statusItemLook(
    running({ health: "warning", sync: "no", checked }, { phantom: 1, unknown: 2 }),
    "always",
  );
  const plain = tooltip.replaceAll("\\", "");
  assert.match(plain, /1 phantom, 0 real, 2 not decided/);
  assert.match(plain, /does not have the environment of your shell/);
  assert.ok(plain.includes(new Date(checked).toLocaleTimeString()), plain);
  assert.doesNotMatch(statusItemLook(running({ snapshot: 0, ready: false }), "always").tooltip, /Last checked/);
});

test("unknown and untrusted are never shown as healthy", () => {
  for (const name of ["unknown", "a health of the future", "untrusted"]) {
    const { state } = states[name] ?? assert.fail();
    assert.doesNotMatch(statusItemLook(state, "always").text, /ok|pass/);
  }
});

test("text of the server is text, in every place", () => {
  const link = "[x](command:evil)";
  const state = running({ health: "warning", headline: link, details: [link, `a\n\n${link}`], cure: link });
  const { tooltip, tooltipCommands } = statusItemLook(state, "always");
  const commands = [...tooltip.matchAll(/(?<!\\)\]\(command:([^)]*)\)/g)].map(([, command]) => command);
  assert.deepEqual(
    commands,
    actionsOf(state, false).map(({ command }) => command),
  );
  assert.deepEqual(tooltipCommands, commands);
  assert.doesNotMatch(languageStatusLook(state).detail, /\]\(/);
});

test("the best cure comes first", () => {
  const [first] = actionsOf(running({ health: "warning", cure: "Unmask GOPROXY and restart gopls" }), true);
  assert.equal(first?.command, "gophantom.cure");
  assert.equal(first?.title, "Unmask GOPROXY and restart gopls");
});

test("actions fit the state", () => {
  const ids = (state: State, undoable = false) => actionsOf(state, undoable).map(({ command }) => command);
  assert.equal(ids({ kind: "stopped", why: "" })[0], "gophantom.restartServer");
  assert.ok(!ids({ kind: "stopped", why: "" }).includes("gophantom.check"));
  assert.equal(ids(running({ trusted: false, cure: "Never offered" }))[0], "workbench.trust.manage");
  assert.ok(!ids(running({ trusted: false, cure: "Never offered" })).includes("gophantom.cure"));
  assert.ok(!ids(running()).includes("gophantom.cure"));
  assert.ok(!ids(running()).includes("gophantom.undo"));
  assert.ok(ids(running(), true).includes("gophantom.undo"));
});
