/** Elements of the page. Every text becomes a text node, with every character visible. */
import { layOut, lineHeight, padding } from "./layout";
import { type Branch, type Graph, kindOf, type Place, spotOf, treesOf, visible } from "./model";
import { t } from "./words";

export type Child = Element | string | undefined;

export function found(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) {
    throw new Error(`the page has no #${id}`);
  }
  return element;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: { [name: string]: string },
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  fill(made, attributes, children);
  return made;
}

function shape(tag: string, attributes: { [name: string]: string | number }, ...children: Child[]): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(made, attributes, children);
  return made;
}

function fill(made: Element, attributes: { [name: string]: string | number }, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (child !== undefined) {
      made.append(typeof child === "string" ? visible(child) : child);
    }
  }
}

/** Whether the page stands in a panel of the editor, where files can be gone to. */
const inEditor = "acquireVsCodeApi" in globalThis;

/** The place of a file: a button where it can be gone to. */
export function spot(place: Place, dir: string, text = spotOf(place, dir)): HTMLElement {
  if (!inEditor) {
    return element("code", {}, text);
  }
  const attributes = { type: "button", class: "spot", "data-file": place.file, "data-line": String(place.line) };
  return element("button", attributes, text);
}

/** A graph as a picture. What it says is in trees() too, so it is one image for a screen reader. */
export function picture(graph: Graph, label: string): SVGElement {
  const { width, height, boxes, lines } = layOut(graph);
  const tip = shape(
    "marker",
    { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    shape("path", { class: "tip", d: "M0 0L8 4L0 8z" }),
  );
  return shape(
    "svg",
    { role: "img", "aria-label": visible(label), width, height, viewBox: `0 0 ${width} ${height}` },
    shape("defs", {}, tip),
    ...lines.map(({ points }) =>
      shape("path", {
        class: "edge",
        d: points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join(""),
        "marker-end": "url(#tip)",
      }),
    ),
    ...lines.map(({ label: said, at }) =>
      shape("text", { class: "said", x: at.x, y: at.y + 4, "text-anchor": "middle" }, said),
    ),
    ...boxes.map(({ node, x, y, width, height, name, detail }) => {
      const place: { [name: string]: string | number } =
        inEditor && node.place !== undefined ? { "data-file": node.place.file, "data-line": node.place.line } : {};
      const row = (index: number) => y + padding + lineHeight * (index + 0.75);
      return shape(
        "g",
        { class: node.tone, ...place },
        shape("title", {}, [node.label, node.detail].filter((text) => text !== "").join("\n")),
        shape("rect", { class: "box", x, y, width, height, rx: 6 }),
        shape("text", { class: "kind", x: x + padding, y: row(0) }, kindOf(node)),
        ...name.map((text, index) => shape("text", { class: "name", x: x + padding, y: row(1 + index) }, text)),
        ...detail.map((text, index) => shape("text", { x: x + padding, y: row(1 + name.length + index) }, text)),
      );
    }),
  );
}

/** A graph as nested lists. */
export function trees(graph: Graph, dir: string): HTMLElement {
  const list = (branches: Branch[]): HTMLElement =>
    element(
      "ul",
      {},
      ...branches.map(({ node, label, again, branches }) => {
        const where = spotOf(node.place, dir);
        const named = node.place !== undefined && node.label === where;
        return element(
          "li",
          {},
          `${label === "" ? "" : `${t("{label}:", { label })} `}${node.label.startsWith(`${kindOf(node)} `) ? "" : `${kindOf(node)} `}`,
          named && node.place !== undefined ? spot(node.place, dir) : element("strong", {}, node.label),
          node.detail === "" ? undefined : `, ${node.detail}`,
          ...(named || node.place === undefined || node.detail.includes(where) ? [] : [" ", spot(node.place, dir)]),
          again ? ` ${t("(see above)")}` : undefined,
          branches.length === 0 ? undefined : list(branches),
        );
      }),
    );
  const root = list(treesOf(graph));
  root.classList.add("tree");
  return root;
}
