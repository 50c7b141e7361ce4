/**
 * The view "Go Environment": what the server found, line by line. The server
 * says what there is (gophantom/tree); this file says how it looks. It is asked
 * when its status changed and somebody looks at the view, and never in between.
 */
import type { Status, Tree, TreeNode } from "./protocol.gen";
import { messageOf, middle, plural, visible } from "./text";
import * as api from "./vscodeApi";

/** The roots, by their id. */
const roots: { [id: string]: { title: string; icon: string; wanting: (count: number) => string } } = {
  findings: { title: "Findings", icon: "search", wanting: (n) => `${plural(n, "thing")} to look at` },
  environments: { title: "Environments", icon: "server-environment", wanting: (n) => plural(n, "difference") },
  routes: { title: "Module Routes", icon: "git-branch", wanting: (n) => `${plural(n, "module")} cannot be had` },
  toolchains: { title: "Toolchains", icon: "tools", wanting: () => "" },
  history: { title: "History", icon: "history", wanting: (n) => `${plural(n, "cure")} can be undone` },
};

/** How a line looks, and the word that says the same to a screen reader; "" where the label does. */
const looks: { [kind: string]: { icon: string; word: string; color?: string } } = {
  error: { icon: "error", word: "Error", color: "list.errorForeground" },
  warning: { icon: "warning", word: "Warning", color: "list.warningForeground" },
  info: { icon: "info", word: "Information" },
  phantom: { icon: "eye-closed", word: "Phantom", color: "list.warningForeground" },
  real: { icon: "bug", word: "Real" },
  "stale-green": { icon: "sync-ignored", word: "Stale green", color: "list.warningForeground" },
  unknown: { icon: "question", word: "Not known" },
  cure: { icon: "wand", word: "Cure" },
  "by-hand": { icon: "edit", word: "By hand" },
  origin: { icon: "go-to-file", word: "Origin" },
  environment: { icon: "symbol-namespace", word: "Environment" },
  "environment-unknown": { icon: "circle-slash", word: "Environment, not known" },
  difference: { icon: "diff-modified", word: "Difference", color: "list.warningForeground" },
  "difference-idle": { icon: "diff-ignored", word: "Difference that does not matter" },
  value: { icon: "symbol-variable", word: "" },
  "value-unset": { icon: "dash", word: "" },
  "route-ok": { icon: "pass", word: "Ok" },
  "route-info": { icon: "info", word: "Information" },
  "route-warn": { icon: "warning", word: "Warning", color: "list.warningForeground" },
  "route-fail": { icon: "error", word: "Fails", color: "list.errorForeground" },
  "route-unknown": { icon: "question", word: "Not known" },
  step: { icon: "arrow-small-right", word: "Step" },
  toolchain: { icon: "package", word: "Environment" },
  program: { icon: "file-binary", word: "Program" },
  cures: { icon: "checklist", word: "" },
  "carried-out": { icon: "wand", word: "Cure" },
  changed: { icon: "edit", word: "Changed" },
  found: { icon: "add", word: "Found" },
  gone: { icon: "remove", word: "Gone" },
  verdict: { icon: "law", word: "Verdict" },
  cured: { icon: "pass", word: "Cured" },
  "cure-failed": { icon: "stop", word: "Cure failed" },
  undone: { icon: "discard", word: "Undone" },
  more: { icon: "ellipsis", word: "" },
};

/** The most characters of a description that is shown; the tooltip has all of it. */
const descriptionLength = 90;

/** How a line of the tree looks. */
export function treeItemLook(node: TreeNode): api.TreeItemLook {
  const root = node.kind === "root" ? roots[node.id] : undefined;
  const look = looks[node.kind] ?? { icon: root?.icon ?? "circle-outline", word: "" };
  const label = visible(root?.title ?? node.label);
  const children = node.children?.length ?? 0;
  const said = root === undefined ? visible(node.description ?? "") : children === 0 ? "none" : standing(node, root);
  const time = node.time === undefined ? "" : clock(node.time);
  const description = [time, said].filter((part) => part !== "").join(" · ");
  return {
    id: node.id,
    label,
    description: middle(description, descriptionLength),
    tooltip: [node.tooltip ?? label, ...(node.time === undefined ? [] : [new Date(node.time).toLocaleString()])]
      .map(visibleLines)
      .join("\n"),
    icon: look.icon,
    ...(look.color === undefined ? {} : { color: look.color }),
    accessibilityLabel: [look.word === "" ? label : `${look.word}: ${label}`, description]
      .filter((part) => part !== "")
      .join(". "),
    state: children === 0 ? "leaf" : node.id === "findings" || node.kind === "cures" ? "expanded" : "collapsed",
    context: [
      ...(node.fix === undefined ? [] : ["curable"]),
      ...(node.explain === undefined ? [] : ["explainable"]),
      ...(node.location === undefined ? [] : ["revealable"]),
      ...(node.undo === undefined ? [] : ["undoable"]),
    ].join(" "),
    ...(node.location === undefined ? {} : { command: { id: "gophantom.item.reveal", title: "Open", argument: node } }),
  };
}

/** How much below a root wants attention; "" if nothing does. */
function standing(node: TreeNode, root: { wanting(count: number): string }): string {
  return node.count === undefined || node.count === 0 ? "" : root.wanting(node.count);
}

/** The time of day, with the date where it is not today's. */
function clock(time: string): string {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString() : at.toLocaleString();
}

function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** What stands above the tree: the most important thing, and when it was looked at. */
export function treeMessage(status: Status | undefined): string | undefined {
  if (status === undefined || status.checked === "") {
    return undefined;
  }
  return `${visible(status.headline)} Last checked: ${clock(status.checked)}.`.trim();
}

/** Where the tree gets its lines. */
export interface TreeSource {
  onDidChangeStatus: api.Event<Status | undefined>;
  status(): Status | undefined;
  /** Rejects while no server runs. */
  tree(): Promise<Tree>;
}

/** Shows the view, and keeps it as new as its status while it is visible. */
export class EnvironmentTree {
  private readonly view: api.TreeView<TreeNode>;
  private readonly parents = new Map<string, TreeNode>();
  private top: TreeNode[] = [];
  /** The etag of the status that the lines belong to. */
  private shown: string | undefined;
  private loading: Promise<void> | undefined;
  private readonly listeners: api.Disposable[];

  constructor(
    private readonly source: TreeSource,
    private readonly log: api.Log,
  ) {
    this.view = api.createTreeView<TreeNode>("gophantom.environment", {
      children: (node) => (node === undefined ? this.top : (node.children ?? [])),
      parent: (node) => this.parents.get(node.id),
      look: treeItemLook,
    });
    this.listeners = [
      source.onDidChangeStatus(() => void this.refresh()),
      this.view.onDidChangeVisibility(() => void this.refresh()),
    ];
  }

  /** The line that is meant where a command was not told: the one that is selected. */
  selected(): TreeNode | undefined {
    return this.view.selection();
  }

  /** Shows a root of the tree, opened, and takes the focus there. */
  async reveal(root: string): Promise<void> {
    await api.executeCommand("gophantom.environment.focus");
    await this.refresh();
    const node = this.top.find(({ id }) => id === root);
    if (node !== undefined) {
      await this.view.reveal(node);
    }
  }

  dispose(): void {
    for (const listener of this.listeners) {
      listener.dispose();
    }
    this.view.dispose();
  }

  /** Gets the lines anew unless they are those of the newest status, or nobody sees them. */
  private async refresh(): Promise<void> {
    const status = this.source.status();
    if (!this.view.visible() || this.shown === (status?.etag ?? "")) {
      return this.loading;
    }
    this.loading ??= this.load().finally(() => {
      this.loading = undefined;
    });
    await this.loading;
  }

  private async load(): Promise<void> {
    for (;;) {
      const status = this.source.status();
      const etag = status?.etag ?? "";
      let top: TreeNode[] = [];
      try {
        top = status === undefined ? [] : ((await this.source.tree()).roots ?? []);
      } catch (error) {
        this.log.warn(`The view has no lines: ${messageOf(error)}`);
      }
      this.shown = etag;
      this.top = top;
      this.parents.clear();
      for (const root of top) {
        this.adopt(root);
      }
      this.view.setMessage(treeMessage(status));
      this.view.changed();
      if ((this.source.status()?.etag ?? "") === etag) {
        return;
      }
    }
  }

  private adopt(parent: TreeNode): void {
    for (const child of parent.children ?? []) {
      this.parents.set(child.id, parent);
      this.adopt(child);
    }
  }
}
