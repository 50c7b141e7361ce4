/**
 * What a report page shows, as plain values: entries of its lists, and the
 * pictures of causes and routes. It knows the document and no browser.
 */
import type { Document, Finding, Fix, Location, Origin, Problem, Route, TimelineMoment, Why } from "./document";
import { listed, t } from "./words";

/** How something stands; the page has a colour, a symbol and a word for each. */
export type Tone = "bad" | "odd" | "good" | "plain" | "off";

/** A place in a file that the reader may want to open. Lines count from 1; 0 is unknown. */
export interface Place {
  file: string;
  line: number;
}

/** One entry of a list, and what it is found by. */
export interface Entry {
  key: string;
  symbol: string;
  word: string;
  /** What the style sheet calls it. */
  look: string;
  title: string;
  /** A second, smaller line. */
  under: string;
  /** What it is found by, in lower case. Made when it is asked for: it may be long. */
  search(): string;
}

export interface Found extends Entry {
  /** What the filter of the list calls it. */
  group: "phantom" | "wrong" | "note" | "undecided";
  place: Place | undefined;
  /** In whole sentences, the most important first. */
  explanation: string[];
  said: string[];
  proof: string[];
  fixes: Fix[];
  problem?: Problem;
  finding?: Finding;
}

export interface Node {
  id: string;
  kind: string;
  label: string;
  detail: string;
  tone: Tone;
  place: Place | undefined;
}

export interface Edge {
  from: string;
  to: string;
  label: string;
}

export interface Graph {
  nodes: Node[];
  edges: Edge[];
}

/** A node with what follows from it, for those who read instead of look. */
export interface Branch {
  node: Node;
  /** What leads here. */
  label: string;
  /** It stands in the tree already, with what follows from it. */
  again: boolean;
  branches: Branch[];
}

/** Text with every character visible that moves, hides or reorders others. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (character) => {
    if (character === "\n" || character === "\t") {
      return character;
    }
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** How a verdict or a severity stands in the list. The word is said when it is shown. */
interface Standing {
  group: Found["group"];
  symbol: string;
  look: string;
  word(): string;
  meaning(): string;
}

const nothing = () => "";
const verdicts: { [verdict: string]: Standing } = {
  phantom: {
    group: "phantom",
    symbol: "!",
    look: "phantom",
    word: () => t("phantom"),
    meaning: () =>
      t(
        "This error is not in your code: the go command builds it in your shell, and the editor sees it for another reason.",
      ),
  },
  "stale-green": {
    group: "wrong",
    symbol: "✗",
    look: "stale-green",
    word: () => t("stale green"),
    meaning: () => t("The editor shows nothing here, and the go command fails."),
  },
  real: {
    group: "wrong",
    symbol: "✗",
    look: "real",
    word: () => t("real"),
    meaning: () => t("The go command fails in your shell too, so the code or the module files need a change."),
  },
  "not-build": {
    group: "note",
    symbol: "·",
    look: "not-build",
    word: () => t("not a build error"),
    meaning: () => t("It is an opinion that no build would report."),
  },
};
const severities: { [severity: string]: Standing } = {
  error: { group: "wrong", symbol: "✗", look: "error", word: () => t("error"), meaning: nothing },
  warning: { group: "wrong", symbol: "!", look: "warning", word: () => t("warning"), meaning: nothing },
  info: { group: "note", symbol: "·", look: "note", word: () => t("note"), meaning: nothing },
};
const undecided: Standing = {
  group: "undecided",
  symbol: "?",
  look: "undecided",
  word: () => t("not decided"),
  meaning: () => t("It could not be proven whether the editor or the build is right."),
};

/** Everything that was found: problems of gopls first, then findings of rules, then what could not be looked at. */
export function foundOf(document: Document): Found[] {
  const { dir } = document.report.snapshot;
  const problems = document.report.problems.map((problem, index): Found => {
    const { group, symbol, look, word, meaning } = verdicts[problem.verdict] ?? undecided;
    const place = placeOf(problem);
    const summary = problem.summary || (problem.why === "" ? "" : sentence(problem.why));
    return withSearch({
      key: `problem ${index}`,
      group,
      symbol,
      look,
      word: word(),
      title: firstLine(problem.message),
      under: spotOf(place, dir),
      place,
      explanation: [meaning(), summary].filter((text) => text !== ""),
      said: problem.trueReason === "" ? [] : [problem.trueReason],
      proof: problem.evidence.map(
        (run) => `${run.environment}: ${outcomeOf(run.outcome)}, ${run.command} (${run.millis} ms)`,
      ),
      fixes: problem.fixes,
      problem,
    });
  });
  const findings = document.report.findings.map((finding, index): Found => {
    const { group, symbol, look, word } = severities[finding.severity] ?? undecided;
    const place = originPlace(finding.origin) ?? (finding.location === null ? undefined : placeOf(finding.location));
    const where = [spotOf(place, dir), finding.environments.length === 0 ? "" : inEnvironments(finding.environments)];
    return withSearch({
      key: `finding ${index}`,
      group,
      symbol,
      look,
      word: word(),
      title: finding.message,
      under: where.filter((text) => text !== "").join(", "),
      place,
      explanation: [t("Rule {rule}. “gophantom explain {rule}” tells more.", { rule: finding.rule })],
      said: finding.evidence,
      proof: [],
      fixes: finding.fixes,
      finding,
    });
  });
  const unknown = document.report.unknown.map(({ rule, why }, index): Found => {
    const { group, symbol, look, word } = undecided;
    const explanation = [t("This could not be looked at, so something may be wrong here all the same.")];
    return withSearch({
      key: `unknown ${index}`,
      group,
      symbol,
      look,
      word: word(),
      title: why,
      under: rule,
      place: undefined,
      explanation,
      said: [],
      proof: [],
      fixes: [],
    });
  });
  return [...problems, ...findings, ...unknown];
}

function withSearch(found: Omit<Found, "search">): Found {
  const parts = [
    found.word,
    found.title,
    found.under,
    found.place?.file ?? "",
    ...found.said,
    ...found.explanation.slice(-1),
    ...(found.problem?.guilty ?? []),
    found.finding?.subject ?? "",
  ];
  return { ...found, search: searched(parts) };
}

function searched(parts: string[]): () => string {
  let text: string | undefined;
  return () => {
    text ??= parts.join("\n").toLowerCase();
    return text;
  };
}

const outcomes: { [outcome: string]: () => string } = {
  green: () => t("green"),
  red: () => t("red"),
  absent: () => t("not in the build"),
  ok: () => t("ok"),
  "not-found": () => t("not found"),
  failed: () => t("failed"),
  hung: () => t("hung"),
  unknown: () => t("not known"),
};

/** How a run of go or the answer of a server ended. */
function outcomeOf(outcome: string): string {
  return outcomes[outcome]?.() ?? outcome;
}

function inEnvironments(names: string[]): string {
  return t("in {environments}", { environments: names.join(", ") });
}

/** Where each environment goes for one module; environments that go the same way are together. */
export interface Way extends Entry {
  routes: { environments: string[]; route: Route }[];
}

export function waysOf(document: Document): Way[] {
  const ways = new Map<string, Way>();
  const seen = new Map<string, Map<string, string[]>>();
  for (const route of document.routes) {
    const title = nameOf(route);
    let way = ways.get(title);
    let same = seen.get(title);
    if (way === undefined || same === undefined) {
      way = { key: title, symbol: "", word: "", look: "", title, under: "", search: searched([]), routes: [] };
      same = new Map();
      ways.set(title, way);
      seen.set(title, same);
    }
    const { environment, ...rest } = route;
    const alike = JSON.stringify(rest);
    const environments = same.get(alike);
    if (environments === undefined) {
      const own = [environment];
      same.set(alike, own);
      way.routes.push({ environments: own, route });
    } else {
      environments.push(environment);
    }
  }
  const all = [...ways.values()];
  for (const way of all) {
    const worst = way.routes.map(({ route }) => standing(route)).sort((a, b) => a.rank - b.rank)[0];
    way.symbol = worst?.symbol ?? "";
    way.word = worst?.word ?? "";
    way.under =
      way.routes.length > 1
        ? t("the environments go different ways")
        : inEnvironments([listed(way.routes[0]?.environments ?? [])]);
    const urls = way.routes.flatMap(({ route }) => route.steps.map(({ url }) => url));
    way.search = searched([way.word, way.title, way.under, ...urls]);
  }
  const rank = (way: Way) =>
    Math.min(...way.routes.map(({ route }) => standing(route).rank), way.routes.length > 1 ? 2 : 9);
  return all.sort((a, b) => rank(a) - rank(b)); // stable: otherwise as they are required
}

interface WayStanding {
  rank: number;
  symbol: string;
  word: string;
}

function standing(route: Route): WayStanding {
  if (route.probe?.verdict === "fails" || route.probe?.verdict === "hangs") {
    return { rank: 0, symbol: "✗", word: t("servers fail") };
  }
  if (route.error !== "" && route.cache.state !== "whole") {
    return { rank: 0, symbol: "✗", word: t("go refuses") };
  }
  if (route.unknown !== "" || route.probe?.verdict === "undecided") {
    return { rank: 1, symbol: "?", word: t("not known") };
  }
  if (route.cache.state === "whole") {
    return { rank: 4, symbol: "✓", word: t("downloaded") };
  }
  if (route.steps.length === 0) {
    return { rank: 4, symbol: "✓", word: t("local") };
  }
  return route.probe?.verdict === "served"
    ? { rank: 3, symbol: "✓", word: t("served") }
    : { rank: 3, symbol: "·", word: t("would be fetched") };
}

function nameOf(route: Route): string {
  return route.version === "" ? route.module : `${route.module}@${route.version}`;
}

/** The causes of what was found: those that the server told, or what the document says of them. */
export function causeOf(document: Document, found: Found): Graph {
  const contextId = found.problem?.contextId ?? found.finding?.contextId ?? "";
  const told = (document.report.graph?.nodes ?? []).filter(
    (node) => contextId !== "" && node.contextIds.includes(contextId),
  );
  if (told.length > 1) {
    const ids = new Set(told.map((node) => node.id));
    return {
      nodes: told.map((node) => ({
        ...node,
        tone:
          node.kind === "problem" || node.kind === "finding" ? toneOf(found) : node.kind === "cure" ? "good" : "plain",
        place: node.location === null ? undefined : placeOf(node.location),
      })),
      edges: (document.report.graph?.edges ?? []).filter(({ from, to }) => ids.has(from) && ids.has(to)),
    };
  }
  const graph = new Drawing();
  const root = graph.node({
    kind: found.finding === undefined ? "problem" : "finding",
    label: found.title,
    detail: found.under,
    tone: toneOf(found),
    place: found.place,
  });
  const { problem, finding } = found;
  if (problem !== undefined) {
    for (const variable of problem.guilty.slice(0, mostVariables)) {
      drawVariable(
        graph,
        document,
        root,
        variable,
        problem.verdict === "phantom" ? t("caused by") : t("depends on"),
        [],
      );
    }
    if (problem.stale !== undefined) {
      const { what, file, since } = problem.stale;
      const place = file === "" ? undefined : { file, line: 0 };
      const label = file === "" ? staleOf(what) : (spotOf(place, document.report.snapshot.dir) ?? file);
      const detail = [file === "" ? "" : staleOf(what), since === "" ? "" : t("at {time}", { time: since })];
      graph.add(root, t("gopls has not seen"), {
        kind: "change",
        label,
        detail: detail.filter((text) => text !== "").join(", "),
        tone: "odd",
        place,
      });
    }
  }
  if (finding !== undefined) {
    const module = finding.args.module ?? "";
    const route = document.routes.find(
      (r) =>
        module !== "" &&
        (r.module === module || nameOf(r) === module) &&
        (finding.environments.length === 0 || finding.environments.includes(r.environment)),
    );
    let from = root;
    if (route !== undefined) {
      from = graph.add(from, t("about"), moduleNode(route));
    }
    const variable = [finding.subject, finding.args.variable ?? ""].find((name) => isSet(document, name));
    if (variable !== undefined) {
      drawVariable(graph, document, from, variable, t("caused by"), finding.environments);
    } else if (finding.origin !== null) {
      drawOrigin(graph, document, from, finding.origin, t("caused by"));
    }
    for (const other of finding.related.slice(0, mostVariables)) {
      drawOrigin(graph, document, root, other, t("see also"));
    }
  }
  return graph.done();
}

const stale: { [what: string]: () => string } = {
  "deleted-file": () => t("deleted file"),
  "new-file": () => t("new file"),
  "module-file": () => t("module file"),
  "workspace-file": () => t("workspace file"),
  vendor: () => t("vendor"),
  "module-cache": () => t("module cache"),
  "env-file": () => t("env file"),
  toolchain: () => t("toolchain"),
  replaced: () => t("replaced"),
  branch: () => t("branch"),
  unknown: () => t("unknown"),
};

/** What gopls has not seen. */
function staleOf(what: string): string {
  return stale[what]?.() ?? what.replaceAll("-", " ");
}

/** How many variables of one problem are drawn: of more, nobody sees anything. */
const mostVariables = 6;

function toneOf(found: Found): Tone {
  return (
    { phantom: "odd", wrong: found.look === "warning" ? "odd" : "bad", note: "plain", undecided: "off" } as const
  )[found.group];
}

function isSet(document: Document, name: string): boolean {
  return name !== "" && document.environments.environments.some(({ values }) => Object.hasOwn(values, name));
}

/** A variable with its value in the environment that gopls has, in the shell, and in those that are named. */
function drawVariable(
  graph: Drawing,
  document: Document,
  from: string,
  variable: string,
  label: string,
  named: string[],
): void {
  const node = graph.add(from, label, {
    kind: "variable",
    label: variable,
    detail: "",
    tone: "plain",
    place: undefined,
  });
  const all = document.environments.environments.filter((environment) => environment.complete);
  const editor = ["gopls", "tools", "editor"].find((name) => all.some((environment) => environment.name === name));
  const wanted = all.filter(({ name }) => name === editor || name === "shell" || named.includes(name));
  const groups: { names: string[]; value: string | undefined; origin: Origin | undefined }[] = [];
  for (const { name, values } of wanted) {
    const value = Object.hasOwn(values, variable) ? values[variable] : undefined;
    const same = groups.find(
      (group) => group.value === value?.value && JSON.stringify(group.origin) === JSON.stringify(value?.origin),
    );
    if (same === undefined) {
      groups.push({ names: [name], value: value?.value, origin: value?.origin });
    } else {
      same.names.push(name);
    }
  }
  for (const { names, value, origin } of groups) {
    const shell = names.includes("shell");
    const told = graph.add(node, inEnvironments(names), {
      kind: "value",
      label: value === undefined ? t("not set") : value === "" ? t("(empty)") : value,
      detail: "",
      tone: groups.length < 2 ? "plain" : shell ? "good" : "odd",
      place: undefined,
    });
    if (origin !== undefined) {
      drawOrigin(graph, document, told, origin, t("set by"));
    }
  }
}

function drawOrigin(graph: Drawing, document: Document, from: string, origin: Origin, label: string): void {
  const place = originPlace(origin);
  const spot = spotOf(place, document.report.snapshot.dir);
  const detail = [spot === "" ? "" : origin.layer, origin.note ?? ""].filter((text) => text !== "").join(", ");
  graph.add(from, label, { kind: "origin", label: spot || origin.layer || t("unknown"), detail, tone: "plain", place });
}

/** The way of go to one module, with what servers answered if they were asked. */
export function pictureOf(route: Route, dir: string): Graph {
  const graph = new Drawing();
  const module = graph.node(moduleNode(route));
  if (route.cache.state === "whole") {
    graph.add(module, t("already there"), {
      kind: "cache",
      label: t("module cache"),
      detail: t("go fetches nothing"),
      tone: "good",
      place: undefined,
    });
  }
  if (route.target !== "") {
    graph.add(module, t("instead of it"), {
      kind: route.mode,
      label: route.target,
      detail: "",
      tone: "plain",
      place: undefined,
    });
  }
  let from = module;
  let label = route.cache.state === "whole" ? t("else first from") : t("first from");
  for (const [index, step] of route.steps.entries()) {
    if (step.kind === "noproxy" && !step.applies) {
      continue; // the module is not private: nothing to see
    }
    const probed = route.probe?.steps[index];
    const answer = probed?.answers.find(({ outcome }) => outcome !== "ok") ?? probed?.answers.at(-1);
    const told =
      answer === undefined
        ? undefined
        : t("answered {answer} in {n} ms", {
            answer: answer.status === 0 ? outcomeOf(answer.outcome) : `${answer.status} (${outcomeOf(answer.outcome)})`,
            n: answer.took.total,
          });
    const silent = probed?.reached === false && step.applies ? t("not asked: go does not get here") : "";
    const details = [told ?? silent, decided(step.why, dir)];
    let tone: Tone = step.applies ? "plain" : "off";
    if (route.probe?.servedBy === index) {
      tone = "good";
    } else if (step.kind === "off" || (answer !== undefined && answer.outcome !== "ok")) {
      tone = !step.applies ? "off" : answer?.outcome === "not-found" ? "odd" : "bad";
    }
    from = graph.add(from, label, {
      kind: step.applies ? "step" : "skipped",
      label: stepName(step.kind, step.url),
      detail: details.filter((text) => text !== "").join("; "),
      tone,
      place: originPlace(step.why.origin),
    });
    if (!step.applies) {
      label = t("next");
    } else {
      label = step.fallback === "any-error" ? t("after any error") : t("only after “not found”");
    }
  }
  if (route.error !== "") {
    const place = originPlace(route.why.origin);
    graph.add(from, t("go says"), {
      kind: "end",
      label: route.error,
      detail: decided(route.why, dir),
      tone: "bad",
      place,
    });
  }
  if (route.unknown !== "") {
    graph.add(from, t("not known"), {
      kind: "unknown",
      label: route.unknown,
      detail: "",
      tone: "off",
      place: undefined,
    });
  }
  if (route.steps.length > 0 && (route.sumdb.consulted || route.sumdb.error !== "")) {
    graph.add(module, t("checked against"), {
      kind: "checksum database",
      label: route.sumdb.name || t("checksum database"),
      detail:
        route.sumdb.error ||
        (route.sumdb.recorded ? t("not asked: go.sum has the hashes") : decided(route.sumdb.why, dir)),
      tone: route.sumdb.error === "" ? "plain" : "bad",
      place: originPlace(route.sumdb.why.origin),
    });
  }
  return graph.done();
}

function moduleNode(route: Route): Omit<Node, "id"> {
  const refused = route.error !== "" && route.cache.state !== "whole";
  const detail = inEnvironments([route.environment]);
  return { kind: "module", label: nameOf(route), detail, tone: refused ? "bad" : "plain", place: undefined };
}

function stepName(kind: string, url: string): string {
  switch (kind) {
    case "noproxy":
      return t("the origin, as a private module");
    case "direct":
      return t("the origin (direct)");
    case "off":
      return t("off: go stops here");
  }
  return url;
}

function decided(why: Why, dir: string): string {
  if (why.variable === "") {
    return "";
  }
  const setting = why.pattern === "" ? why.variable : `${why.variable}=${why.pattern}`;
  const place = originPlace(why.origin);
  const where = place === undefined ? (why.origin?.layer ?? t("not set")) : spotOf(place, dir);
  return `${setting} (${where})`;
}

export interface Moment extends Entry {
  time: string;
}

const kinds: { [kind: string]: [symbol: string, word: () => string] } = {
  changed: ["~", () => t("changed")],
  found: ["!", () => t("found")],
  gone: ["✓", () => t("gone")],
  verdict: ["=", () => t("judged")],
  cured: ["✓", () => t("cured")],
  "cure-failed": ["✗", () => t("cure failed")],
  undone: ["↶", () => t("undone")],
  view: ["·", () => t("view")],
  load: ["·", () => t("loaded")],
  start: ["·", () => t("started")],
  end: ["·", () => t("ended")],
  command: ["·", () => t("go command")],
  hang: ["✗", () => t("hangs")],
  wait: ["!", () => t("waits")],
  error: ["✗", () => t("error")],
  warning: ["!", () => t("warning")],
};

/** What happened, newest first. */
export function momentsOf(document: Document): Moment[] {
  return (document.timeline ?? []).toReversed().map((moment: TimelineMoment, index) => {
    const [symbol, said] = kinds[moment.kind] ?? ["·", () => moment.kind];
    const word = said();
    const { source, origin, times, refs } = moment;
    const who = source === "gophantom" ? "" : [source, origin].filter((text) => text !== "").join(", ");
    const often = times < 2 ? "" : t("{n} times", { n: times });
    return {
      key: `moment ${index}`,
      time: moment.last,
      symbol,
      word,
      look: "",
      title: moment.text,
      under: [who, often, ...(refs ?? [])].filter((text) => text !== "").join(", "),
      search: searched([moment.last, word, who, moment.text, ...(refs ?? [])]),
    };
  });
}

/** The graph as trees, for reading. */
export function treesOf(graph: Graph): Branch[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const out = new Map<string, Edge[]>();
  for (const edge of graph.edges) {
    const edges = out.get(edge.from);
    if (edges === undefined) {
      out.set(edge.from, [edge]);
    } else {
      edges.push(edge);
    }
  }
  const led = new Set(graph.edges.filter(({ from, to }) => from !== to).map((edge) => edge.to));
  const placed = new Set<string>();
  const grow = (node: Node, label: string): Branch => {
    if (placed.has(node.id)) {
      return { node, label, again: true, branches: [] };
    }
    placed.add(node.id);
    const branches = (out.get(node.id) ?? []).flatMap((edge) => {
      const to = nodes.get(edge.to);
      return to === undefined ? [] : [grow(to, edge.label)];
    });
    return { node, label, again: false, branches };
  };
  const trees = graph.nodes.filter(({ id }) => !led.has(id)).map((node) => grow(node, ""));
  // What only cycles lead to.
  for (const node of graph.nodes) {
    if (!placed.has(node.id)) {
      trees.push(grow(node, ""));
    }
  }
  return trees;
}

/** A graph that is being drawn. */
class Drawing {
  private readonly graph: Graph = { nodes: [], edges: [] };

  node(node: Omit<Node, "id">): string {
    const id = `n${this.graph.nodes.length}`;
    this.graph.nodes.push({ id, ...node });
    return id;
  }

  add(from: string, label: string, node: Omit<Node, "id">): string {
    const to = this.node(node);
    this.graph.edges.push({ from, to, label });
    return to;
  }

  done(): Graph {
    return this.graph;
  }
}

function placeOf({ uri, range }: Pick<Location, "uri" | "range">): Place {
  return { file: fileOf(uri), line: range.start.line + 1 };
}

function originPlace(origin: Origin | null): Place | undefined {
  return origin === null || origin.file === "" ? undefined : { file: origin.file, line: origin.line };
}

/** The path of a file URI; any other comes back as it is. */
export function fileOf(uri: string): string {
  const match = /^file:\/\/([^/?#]*)(\/[^?#]*)/.exec(uri);
  if (match === null) {
    return uri;
  }
  try {
    const path = decodeURIComponent(match[2] ?? "");
    if (/^\/[A-Za-z]:/.test(path)) {
      return path.slice(1).replaceAll("/", "\\");
    }
    return match[1] === "" ? path : `//${match[1]}${path}`;
  } catch {
    return uri;
  }
}

/** A place as people write it, from the folder if it is inside: `main.go:3`. */
export function spotOf(place: Place | undefined, dir: string): string {
  if (place === undefined) {
    return "";
  }
  const { file, line } = place;
  const inside = dir !== "" && (file.startsWith(`${dir}/`) || file.startsWith(`${dir}\\`));
  const short = inside ? file.slice(dir.length + 1) : file;
  return line > 0 ? `${short}:${line}` : short;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, ".");
}

const nodeKinds: { [kind: string]: () => string } = {
  problem: () => t("problem"),
  finding: () => t("finding"),
  package: () => t("package"),
  module: () => t("module"),
  step: () => t("step"),
  skipped: () => t("skipped"),
  variable: () => t("variable"),
  value: () => t("value"),
  origin: () => t("origin"),
  change: () => t("change"),
  cure: () => t("cure"),
  cache: () => t("cache"),
  end: () => t("end"),
  replace: () => t("replace"),
  vendor: () => t("vendor"),
  workspace: () => t("workspace"),
  unknown: () => t("unknown"),
  "checksum database": () => t("checksum database"),
};

/** What kind of thing a node is, for people. */
export function kindOf({ kind }: Pick<Node, "kind">): string {
  return nodeKinds[kind]?.() ?? kind;
}
