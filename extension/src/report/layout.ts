/** Where the boxes, lines and words of a graph go. It knows no browser. */
import * as dagre from "@dagrejs/dagre";
import { type Graph, type Node, visible } from "./model";

export interface Box {
  node: Node;
  x: number;
  y: number;
  width: number;
  height: number;
  /** The label, broken into lines. */
  name: string[];
  detail: string[];
}

export interface Line {
  points: { x: number; y: number }[];
  label: string;
  /** The middle of the label. */
  at: { x: number; y: number };
}

export interface Layout {
  width: number;
  height: number;
  boxes: Box[];
  lines: Line[];
}

const boxWidth = 250;
/** How many characters of the fonts in page.css fit into a box. */
const nameChars = 28;
const detailChars = 32;
export const lineHeight = 17;
export const padding = 9;

/** Lays a graph out from top to bottom. */
export function layOut(graph: Graph): Layout {
  const g = new dagre.graphlib.Graph({ multigraph: true });
  g.setGraph({ rankdir: "TB", nodesep: 24, ranksep: 34, marginx: 8, marginy: 8 });
  const boxes = new Map<string, Box>();
  for (const node of graph.nodes) {
    const name = wrap(visible(node.label), nameChars, 3);
    const detail = wrap(visible(node.detail), detailChars, 3);
    const height = (1 + name.length + detail.length) * lineHeight + 2 * padding;
    boxes.set(node.id, { node, x: 0, y: 0, width: boxWidth, height, name, detail });
    g.setNode(node.id, { width: boxWidth, height });
  }
  const edges = graph.edges.filter(({ from, to }) => boxes.has(from) && boxes.has(to) && from !== to);
  for (const [index, { from, to, label }] of edges.entries()) {
    g.setEdge(from, to, { width: 6.5 * Math.min(label.length, 36), height: 16, labelpos: "c" }, String(index));
  }
  dagre.layout(g);
  for (const [id, box] of boxes) {
    const { x, y } = g.node(id) as { x: number; y: number };
    box.x = x - box.width / 2;
    box.y = y - box.height / 2;
  }
  const lines = edges.map(({ from, to, label }, index): Line => {
    const edge = g.edge(from, to, String(index)) as { points: Line["points"]; x: number; y: number };
    return { points: edge.points, label: cut(visible(label), 36), at: { x: edge.x, y: edge.y } };
  });
  const { width = 0, height = 0 } = g.graph() as { width?: number; height?: number };
  return { width, height, boxes: [...boxes.values()], lines };
}

/** Breaks text into at most `most` lines of `chars` characters, between words where there are any. */
export function wrap(text: string, chars: number, most: number): string[] {
  const lines: string[] = [];
  let rest = text.replace(/\s+/g, " ").trim();
  while (rest !== "") {
    if (lines.length === most - 1 || rest.length <= chars) {
      lines.push(cut(rest, chars));
      break;
    }
    const part = rest.slice(0, chars + 1);
    const blank = part.lastIndexOf(" ");
    const mark = Math.max(...["/", ",", "|", ";", "@"].map((c) => part.slice(0, chars).lastIndexOf(c))) + 1;
    const end = blank > chars / 2 ? blank : mark > chars / 2 ? mark : chars;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return lines;
}

function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}
