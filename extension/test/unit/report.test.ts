import assert from "node:assert/strict";
import { test } from "node:test";
import type { Document, Finding, Problem, Route } from "../../src/report/document";
import { layOut, wrap } from "../../src/report/layout";
import {
  causeOf,
  fileOf,
  foundOf,
  type Graph,
  momentsOf,
  pictureOf,
  spotOf,
  treesOf,
  visible,
  waysOf,
} from "../../src/report/model";

const range = { start: { line: 2, character: 7 } };

function problem(change: Partial<Problem> = {}): Problem {
  return {
    uri: "file:///app/main.go",
    range,
    message: "could not import example.com/dep\nmore",
    verdict: "phantom",
    cause: "env",
    guilty: ["GOPROXY"],
    trueReason: "",
    why: "red for gopls, green for the shell",
    summary: "",
    evidence: [],
    fixes: [],
    contextId: "c1",
    ...change,
  };
}

function finding(change: Partial<Finding> = {}): Finding {
  return {
    rule: "env-drift",
    ref: "",
    severity: "warning",
    subject: "GOFLAGS",
    environments: ["gopls"],
    message: "GOFLAGS differs.",
    args: {},
    location: null,
    origin: null,
    related: [],
    evidence: [],
    fixes: [],
    contextId: "c2",
    ...change,
  };
}

const nobody = { variable: "", pattern: "", origin: null };

function route(change: Partial<Route> = {}): Route {
  return {
    module: "example.com/dep",
    version: "v1.0.0",
    environment: "gopls",
    mode: "proxy",
    target: "",
    error: "",
    why: nobody,
    unknown: "",
    steps: [
      {
        kind: "proxy",
        url: "https://a.example",
        applies: true,
        fallback: "not-found",
        why: { variable: "GOPROXY", pattern: "", origin: { layer: "GOENV file", file: "/home/env", line: 4 } },
      },
      { kind: "direct", url: "", applies: true, fallback: "none", why: nobody },
    ],
    sumdb: { consulted: false, name: "", recorded: false, why: nobody, error: "" },
    cache: { dir: "", state: "" },
    ...change,
  };
}

function document(change: Partial<Document["report"]> = {}, routes: Route[] = []): Document {
  const environment = (name: string, value: string, file: string, line: number) => ({
    name,
    complete: true,
    values: { GOPROXY: { value, origin: { layer: "x", file, line } } },
  });
  return {
    report: {
      snapshot: { dir: "/app", taken: "2026-01-02T03:04:05Z" },
      findings: [],
      problems: [],
      unknown: [],
      ...change,
    },
    environments: {
      environments: [
        environment("gopls", "off", "/app/.vscode/settings.json", 12),
        environment("shell", "direct", "/home/.zshrc", 3),
        environment("terminal", "direct", "/home/.zshrc", 3),
      ],
    },
    routes,
  };
}

/** A graph as `label -said-> label`, one edge a line. */
function edges(graph: Graph): string[] {
  const label = (id: string) => graph.nodes.find((node) => node.id === id)?.label;
  return graph.edges.map((edge) => `${label(edge.from)} -${edge.label}-> ${label(edge.to)}`);
}

test("no character hides, moves or reorders others", () => {
  assert.equal(
    visible("a\u202eb\x1b[31m\u200b\u{e0041}\r\ud800c"),
    "a\\u202eb\\u001b[31m\\u200b\\u{e0041}\\u000d\\ud800c",
  );
  assert.equal(visible("a\n\tb é 日本 😀"), "a\n\tb é 日本 😀");
});

test("problems come before findings, and what is not known comes last", () => {
  const found = foundOf(
    document({
      findings: [finding(), finding({ severity: "info" })],
      problems: [problem(), problem({ verdict: "real" }), problem({ verdict: "something new" })],
      unknown: [{ rule: "shell", why: "it did not answer" }],
    }),
  );
  assert.deepEqual(
    found.map(({ group, word }) => `${group}: ${word}`),
    [
      "phantom: phantom",
      "wrong: real",
      "undecided: not decided",
      "wrong: warning",
      "note: note",
      "undecided: not decided",
    ],
  );
  assert.equal(found[0]?.title, "could not import example.com/dep");
  assert.equal(found[0]?.under, "main.go:3");
  assert.equal(new Set(found.map(({ key }) => key)).size, found.length);
});

test("an entry is found by its message, its file, its variable and what go says", () => {
  const [one] = foundOf(document({ problems: [problem({ trueReason: "Module lookup disabled" })] }));
  for (const wanted of ["could not import", "/app/main.go", "goproxy", "lookup disabled", "phantom"]) {
    assert.ok(one?.search().includes(wanted), wanted);
  }
});

test("a phantom is led back to the values of its variable, and to their lines", () => {
  const whole = document({ problems: [problem()] });
  const [one] = foundOf(whole);
  assert.ok(one);
  const graph = causeOf(whole, one);
  assert.deepEqual(edges(graph), [
    "could not import example.com/dep -caused by-> GOPROXY",
    "GOPROXY -in gopls-> off",
    "off -set by-> .vscode/settings.json:12",
    "GOPROXY -in shell-> direct",
    "direct -set by-> /home/.zshrc:3",
  ]);
  assert.deepEqual(
    graph.nodes.map(({ tone }) => tone),
    ["odd", "plain", "odd", "plain", "good", "plain"],
  );
});

test("a finding about a module goes by the module to its origin", () => {
  const origin = { layer: "GOENV file", file: "/home/env", line: 4 };
  const whole = document({ findings: [finding({ subject: "a", args: { module: "example.com/dep" }, origin })] }, [
    route(),
  ]);
  const [one] = foundOf(whole);
  assert.ok(one);
  assert.deepEqual(edges(causeOf(whole, one)), [
    "GOFLAGS differs. -about-> example.com/dep@v1.0.0",
    "example.com/dep@v1.0.0 -caused by-> /home/env:4",
  ]);
});

test("the causes that the server tells are drawn as they are", () => {
  const node = (id: string, kind: string, contextIds: string[]) => {
    return {
      id,
      kind,
      label: id,
      detail: "",
      location: kind === "origin" ? { uri: "file:///app/go.mod", range } : null,
      contextIds,
    };
  };
  const told = {
    nodes: [
      node("p", "problem", ["c1"]),
      node("v", "variable", ["c1", "c9"]),
      node("o", "origin", ["c1"]),
      node("x", "value", ["c9"]),
    ],
    edges: [
      { from: "p", to: "v", label: "by" },
      { from: "v", to: "o", label: "at" },
      { from: "v", to: "x", label: "not ours" },
    ],
  };
  const whole = document({ problems: [problem()], graph: told });
  const [one] = foundOf(whole);
  assert.ok(one);
  const graph = causeOf(whole, one);
  assert.deepEqual(edges(graph), ["p -by-> v", "v -at-> o"]);
  assert.deepEqual(graph.nodes[2]?.place, { file: "/app/go.mod", line: 3 });
});

test("a route says under which condition go goes on, and what the servers answered", () => {
  const answer = { what: "mod", status: 503, outcome: "failed", text: "", took: { total: 17 } };
  const probe = {
    verdict: "fails",
    why: "",
    servedBy: -1,
    steps: [
      { reached: true, answers: [answer] },
      { reached: false, answers: [] },
    ],
  };
  const graph = pictureOf(route({ probe }), "/app");
  assert.deepEqual(edges(graph), [
    "example.com/dep@v1.0.0 -first from-> https://a.example",
    "https://a.example -only after “not found”-> the origin (direct)",
  ]);
  assert.match(graph.nodes[1]?.detail ?? "", /answered 503 \(failed\) in 17 ms; GOPROXY \(\/home\/env:4\)/);
  assert.equal(graph.nodes[1]?.tone, "bad");
  assert.match(graph.nodes[2]?.detail ?? "", /not asked/);
});

test("environments that go the same way are one, and what fails comes first", () => {
  const ways = waysOf(
    document({}, [
      route({ module: "fine", cache: { dir: "", state: "whole" } }),
      route(),
      route({ environment: "shell" }),
      route({ module: "refused", error: "module lookup disabled" }),
      route({ module: "fine", environment: "shell", cache: { dir: "", state: "whole" } }),
    ]),
  );
  assert.deepEqual(
    ways.map(({ title, word, under }) => `${title}: ${word}, ${under}`),
    [
      "refused@v1.0.0: go refuses, in gopls",
      "example.com/dep@v1.0.0: would be fetched, in gopls and shell",
      "fine@v1.0.0: downloaded, in gopls and shell",
    ],
  );
});

test("the time line is newest first, and empty where there is none", () => {
  assert.deepEqual(momentsOf(document()), []);
  const timeline = ["changed", "error", "unheard of"].map((kind, index) => ({
    time: `2026-01-02T03:04:0${index}Z`,
    last: `2026-01-02T03:05:0${index}Z`,
    times: index + 1,
    source: index === 0 ? "gophantom" : "gopls",
    origin: index === 0 ? "" : "window1",
    kind,
    text: `m${index}`,
    refs: index === 1 ? ["TC-LOCALOLD"] : [],
  }));
  assert.deepEqual(
    momentsOf({ ...document(), timeline }).map(({ time, word, title, under }) => `${time} ${word} ${title} (${under})`),
    [
      "2026-01-02T03:05:02Z unheard of m2 (gopls, window1, 3 times)",
      "2026-01-02T03:05:01Z error m1 (gopls, window1, 2 times, TC-LOCALOLD)",
      "2026-01-02T03:05:00Z changed m0 ()",
    ],
  );
});

test("a graph with a cycle is a tree all the same", () => {
  const node = (id: string) => ({ id, kind: "", label: id, detail: "", tone: "plain", place: undefined }) as const;
  const edge = (from: string, to: string) => ({ from, to, label: "" });
  const graph = {
    nodes: ["a", "b", "c"].map(node),
    edges: [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("c", "nobody")],
  };
  const [tree, ...others] = treesOf(graph);
  assert.equal(others.length, 0);
  assert.equal(tree?.branches[0]?.branches[0]?.branches[0]?.again, true);
  assert.equal(layOut(graph).boxes.length, 3);
});

test("boxes do not lie on each other, however many there are", () => {
  const nodes = Array.from({ length: 200 }, (_, i) => ({
    id: `n${i}`,
    kind: "module",
    label: `example.com/${"long/".repeat(i % 40)}${i}`,
    detail: "d".repeat(i),
    tone: "plain" as const,
    place: undefined,
  }));
  const graph = { nodes, edges: nodes.slice(1).map(({ id }, i) => ({ from: `n${i % 20}`, to: id, label: "x" })) };
  const { boxes, width, height } = layOut(graph);
  for (const [i, a] of boxes.entries()) {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height);
    for (const b of boxes.slice(i + 1)) {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      assert.ok(apart, `${a.node.id} lies on ${b.node.id}`);
    }
  }
});

test("long labels are broken between words and parts of paths, and cut at the end", () => {
  assert.deepEqual(wrap("one two three", 8, 3), ["one two", "three"]);
  assert.deepEqual(wrap("/home/gopher/app/main.go", 14, 3), ["/home/gopher/", "app/main.go"]);
  assert.deepEqual(wrap("x".repeat(30), 10, 2), ["x".repeat(10), `${"x".repeat(9)}…`]);
  assert.deepEqual(wrap("", 10, 2), []);
});

test("places are told from the folder, and file URIs are paths", () => {
  assert.equal(spotOf({ file: "/app/main.go", line: 3 }, "/app"), "main.go:3");
  assert.equal(spotOf({ file: "/apple/main.go", line: 0 }, "/app"), "/apple/main.go");
  assert.equal(fileOf("file:///home/a%20b/%C3%A9.go"), "/home/a b/é.go");
  assert.equal(fileOf("file:///C:/x/main.go"), "C:\\x\\main.go");
  assert.equal(fileOf("file:///%zz"), "file:///%zz");
  assert.equal(fileOf("untitled:one"), "untitled:one");
});
