import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { EnvironmentTree, treeItemLook, treeMessage } from "../../src/environmentTree";
import type { Status, Tree, TreeNode } from "../../src/protocol.gen";
import { status } from "./serverStatus";
import { createEmitter, editor, fakeLog, resetEditor } from "./vscodeApi";

beforeEach(resetEditor);

/** A source whose tree and status the test decides. */
function source(tree: () => Promise<Tree>, now: () => Status | undefined = () => status()) {
  const statuses = createEmitter<Status | undefined>();
  return { onDidChangeStatus: statuses.event, status: now, tree, fire: () => statuses.fire(now()) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

const kinds = ["error", "warning", "info", "phantom", "real", "stale-green", "unknown"];

test("findings are told apart without colour: each kind has its icon and its word", () => {
  const looks = kinds.map((kind) => treeItemLook({ id: kind, kind, label: "same" }));
  assert.equal(new Set(looks.map(({ icon }) => icon)).size, kinds.length);
  assert.equal(new Set(looks.map(({ accessibilityLabel }) => accessibilityLabel)).size, kinds.length);
});

test("a kind of the future is shown all the same", () => {
  assert.equal(treeItemLook({ id: "x", kind: "splendid", label: "news" }).label, "news");
});

test("what a line offers is in its context", () => {
  const node: TreeNode = {
    id: "x",
    kind: "warning",
    label: "l",
    fix: { fix: "f", snapshot: 1, contextId: "" },
    explain: { rule: "r" },
    location: { uri: "file:///a", line: 2 },
  };
  assert.equal(treeItemLook(node).context, "curable explainable revealable");
  assert.equal(treeItemLook(node).command?.id, "gophantom.item.reveal");
  assert.equal(treeItemLook({ id: "y", kind: "carried-out", label: "l", undo: "1" }).context, "undoable");
  assert.equal(treeItemLook({ id: "z", kind: "info", label: "l" }).command, undefined);
});

test("long paths lose their middle, and the tooltip has all of them", () => {
  const file = `/home/${"deep/".repeat(60)}settings.json:12`;
  const look = treeItemLook({ id: "x", kind: "value", label: "GOPROXY", description: `off · ${file}`, tooltip: file });
  assert.ok(look.description.length <= 90, look.description);
  assert.ok(
    look.description.startsWith("off · /home/") && look.description.endsWith("settings.json:12"),
    look.description,
  );
  assert.equal(look.tooltip, file);
});

test("control and bidirectional characters are seen or gone", () => {
  const evil = "a\u0000b\u202egnp.c\u2066\n\u001b[31m";
  const look = treeItemLook({ id: "x", kind: "value", label: evil, description: evil, tooltip: evil });
  for (const text of [look.label, look.description, look.accessibilityLabel, ...look.tooltip.split("\n")]) {
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u);
  }
});

test("the roots say how much wants attention", () => {
  const children = [{ id: "x", kind: "info", label: "l" }];
  const said = (id: string, count?: number) =>
    treeItemLook({ id, kind: "root", label: "", children, ...(count === undefined ? {} : { count }) }).description;
  assert.equal(said("findings", 2), "2 things to look at");
  assert.equal(said("findings"), "");
  assert.equal(said("history", 1), "1 cure can be undone");
  assert.equal(treeItemLook({ id: "findings", kind: "root", label: "" }).description, "none");
});

test("above the tree stands when it was checked, as soon as it was", () => {
  assert.equal(treeMessage(undefined), undefined);
  assert.equal(treeMessage(status({ checked: "" })), undefined);
  const checked = new Date().toISOString();
  const message = treeMessage(status({ headline: "No phantoms.", checked }));
  assert.equal(message, `Last checked: ${new Date(checked).toLocaleTimeString()}.`);
});

test("500 findings are 500 lines, each with its parent", async () => {
  const children = Array.from({ length: 500 }, (_, i) => ({ id: `findings/${i}`, kind: "warning", label: `${i}` }));
  const root: TreeNode = { id: "findings", kind: "root", label: "", count: 500, children };
  const from = source(async () => ({ snapshot: 1, roots: [root] }));
  const tree = new EnvironmentTree(from, fakeLog());
  editor.tree.visible = true;
  from.fire();
  await settle();
  const { nodes } = editor.tree;
  assert.deepEqual(nodes?.children(), [root]);
  assert.equal(nodes?.children(root).length, 500);
  assert.equal(nodes?.parent(children[499]), root);
  tree.dispose();
});

test("a status that changes while the tree is on its way is not missed", async () => {
  let etag = "1";
  let asked = 0;
  const from = source(
    async () => {
      asked++;
      await settle();
      if (asked === 1) {
        etag = "2";
        from.fire();
      }
      return { snapshot: asked, roots: [] };
    },
    () => status({ etag }),
  );
  const tree = new EnvironmentTree(from, fakeLog());
  editor.tree.visible = true;
  from.fire();
  for (let i = 0; i < 5; i++) {
    await settle();
  }
  assert.equal(asked, 2);
  tree.dispose();
});

test("a server that does not answer costs the lines and no more", async () => {
  const log = fakeLog();
  const from = source(() => Promise.reject(new Error("The server ended.")));
  const tree = new EnvironmentTree(from, log);
  editor.tree.visible = true;
  from.fire();
  await settle();
  assert.deepEqual(editor.tree.nodes?.children(), []);
  assert.match(log.lines.join("\n"), /The server ended/);
  tree.dispose();
});
