/**
 * The view "Go Environment": what the server found, line by line. The server
 * says what there is (gophantom/tree); this file says how it looks. It is asked
 * when its status changed and somebody looks at the view, and never in between.
 */
import type { Status, Tree, TreeNode } from "./protocol.gen";
import { messageOf, middle, visible } from "./text";
import * as api from "./vscodeApi";

/** A root: its title, and how much below it wants attention. Texts are functions: they are translated when they are shown. */
interface Root {
  title(): string;
  icon: string;
  wanting?(count: number): string;
}

/** The roots, by their id. */
const roots: { [id: string]: Root } = {
  findings: {
    title: () => api.t("Findings"),
    icon: "search",
    wanting: (n) => (n === 1 ? api.t("1 thing to look at") : api.t("{0} things to look at", n)),
  },
  environments: {
    title: () => api.t("Environments"),
    icon: "server-environment",
    wanting: (n) => (n === 1 ? api.t("1 difference") : api.t("{0} differences", n)),
  },
  routes: {
    title: () => api.t("Module Routes"),
    icon: "git-branch",
    wanting: (n) => (n === 1 ? api.t("1 module cannot be had") : api.t("{0} modules cannot be had", n)),
  },
  toolchains: { title: () => api.t("Toolchains"), icon: "tools" },
  history: {
    title: () => api.t("History"),
    icon: "history",
    wanting: (n) => (n === 1 ? api.t("1 cure can be undone") : api.t("{0} cures can be undone", n)),
  },
};

/** How a line looks, and the word that says the same to a screen reader; none where the label does. */
interface Look {
  icon: string;
  word?(): string;
  color?: string;
}

const looks: { [kind: string]: Look } = {
  error: { icon: "error", word: () => api.t("Error"), color: "list.errorForeground" },
  warning: { icon: "warning", word: () => api.t("Warning"), color: "list.warningForeground" },
  info: { icon: "info", word: () => api.t("Information") },
  phantom: { icon: "eye-closed", word: () => api.t("Phantom"), color: "list.warningForeground" },
  real: { icon: "bug", word: () => api.t("Real") },
  "stale-green": { icon: "sync-ignored", word: () => api.t("Stale green"), color: "list.warningForeground" },
  unknown: { icon: "question", word: () => api.t("Not known") },
  cure: { icon: "wand", word: () => api.t("Cure") },
  "by-hand": { icon: "edit", word: () => api.t("By hand") },
  origin: { icon: "go-to-file", word: () => api.t("Origin") },
  environment: { icon: "symbol-namespace", word: () => api.t("Environment") },
  "environment-unknown": { icon: "circle-slash", word: () => api.t("Environment, not known") },
  difference: { icon: "diff-modified", word: () => api.t("Difference"), color: "list.warningForeground" },
  "difference-idle": { icon: "diff-ignored", word: () => api.t("Difference that does not matter") },
  value: { icon: "symbol-variable" },
  "value-unset": { icon: "dash" },
  "route-ok": { icon: "pass", word: () => api.t("Ok") },
  "route-info": { icon: "info", word: () => api.t("Information") },
  "route-warn": { icon: "warning", word: () => api.t("Warning"), color: "list.warningForeground" },
  "route-fail": { icon: "error", word: () => api.t("Fails"), color: "list.errorForeground" },
  "route-unknown": { icon: "question", word: () => api.t("Not known") },
  step: { icon: "arrow-small-right", word: () => api.t("Step") },
  toolchain: { icon: "package", word: () => api.t("Environment") },
  program: { icon: "file-binary", word: () => api.t("Program") },
  cures: { icon: "checklist" },
  "carried-out": { icon: "wand", word: () => api.t("Cure") },
  changed: { icon: "edit", word: () => api.t("Changed") },
  found: { icon: "add", word: () => api.t("Found") },
  gone: { icon: "remove", word: () => api.t("Gone") },
  verdict: { icon: "law", word: () => api.t("Verdict") },
  cured: { icon: "pass", word: () => api.t("Cured") },
  "cure-failed": { icon: "stop", word: () => api.t("Cure failed") },
  undone: { icon: "discard", word: () => api.t("Undone") },
  more: { icon: "ellipsis" },
};

/** The most characters of a description that is shown; the tooltip has all of it. */
const descriptionLength = 90;

/** How a line of the tree looks. */
export function treeItemLook(node: TreeNode): api.TreeItemLook {
  const root = node.kind === "root" ? roots[node.id] : undefined;
  const look = looks[node.kind] ?? { icon: root?.icon ?? "circle-outline" };
  const word = look.word?.() ?? "";
  const label = visible(root?.title() ?? node.label);
  const children = node.children?.length ?? 0;
  const said =
    root === undefined ? visible(node.description ?? "") : children === 0 ? api.t("none") : standing(node, root);
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
    accessibilityLabel: [word === "" ? label : `${word}: ${label}`, description]
      .filter((part) => part !== "")
      .join(". "),
    state: children === 0 ? "leaf" : node.id === "findings" || node.kind === "cures" ? "expanded" : "collapsed",
    context: [
      ...(node.fix === undefined ? [] : ["curable"]),
      ...(node.explain === undefined ? [] : ["explainable"]),
      ...(node.location === undefined ? [] : ["revealable"]),
      ...(node.undo === undefined ? [] : ["undoable"]),
    ].join(" "),
    ...(node.location === undefined
      ? {}
      : { command: { id: "gophantom.item.reveal", title: api.t("Open"), argument: node } }),
  };
}

/** How much below a root wants attention; "" if nothing does. */
function standing(node: TreeNode, root: Root): string {
  return node.count === undefined || node.count === 0 ? "" : (root.wanting?.(node.count) ?? "");
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

/** What stands above the tree: when it was looked at. The findings below say the rest, and the view is small. */
export function treeMessage(status: Status | undefined): string | undefined {
  if (status === undefined || status.checked === "") {
    return undefined;
  }
  return api.t("Last checked: {0}.", clock(status.checked));
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
