/**
 * The document that a report page draws from: the JSON of
 * `gophantom report --format json`, as far as it is read here. An older or a
 * newer server may leave out what is optional.
 */

export interface Document {
  report: Report;
  environments: Environments;
  routes: Route[];
  /** Newest last. */
  timeline?: TimelineMoment[];
}

/** What happened, once or several times without anything between. */
export interface TimelineMoment {
  time: string;
  last: string;
  times: number;
  source: string;
  origin: string;
  kind: string;
  text: string;
  refs: string[];
}

export interface Report {
  snapshot: { dir: string; taken: string };
  findings: Finding[];
  problems: Problem[];
  unknown: { rule: string; why: string }[];
  graph?: { nodes: GraphNode[]; edges: { from: string; to: string; label: string }[] };
}

export interface Location {
  uri: string;
  range: { start: { line: number; character: number } };
}

/** Lines count from 1; 0 is unknown. */
export interface Origin {
  layer: string;
  file: string;
  line: number;
  note?: string;
}

export interface Fix {
  title: string;
  disabled?: string;
  weakensSecurity: boolean;
}

export interface Finding {
  rule: string;
  ref: string;
  severity: string;
  subject: string;
  environments: string[];
  message: string;
  args: { [name: string]: string };
  location: Location | null;
  origin: Origin | null;
  related: Origin[];
  evidence: string[];
  fixes: Fix[];
  contextId: string;
  folder?: string;
}

export interface Problem {
  uri: string;
  range: Location["range"];
  message: string;
  verdict: string;
  cause: string;
  guilty: string[];
  trueReason: string;
  why: string;
  summary: string;
  evidence: { environment: string; command: string; outcome: string; millis: number }[];
  fixes: Fix[];
  contextId: string;
  stale?: { what: string; file: string; since: string };
}

export interface Environments {
  environments: { name: string; complete: boolean; values: { [name: string]: { value: string; origin: Origin } } }[];
}

export interface GraphNode {
  id: string;
  kind: string;
  label: string;
  detail: string;
  location: Location | null;
  contextIds: string[];
}

export interface Why {
  variable: string;
  pattern: string;
  origin: Origin | null;
}

export interface Route {
  module: string;
  version: string;
  environment: string;
  mode: string;
  target: string;
  error: string;
  why: Why;
  unknown: string;
  steps: { kind: string; url: string; applies: boolean; fallback: string; why: Why }[];
  sumdb: { consulted: boolean; name: string; recorded: boolean; why: Why; error: string };
  cache: { dir: string; state: string };
  probe?: {
    verdict: string;
    why: string;
    servedBy: number;
    steps: {
      reached: boolean;
      answers: { what: string; status: number; outcome: string; text: string; took: { total: number } }[];
    }[];
  };
}
