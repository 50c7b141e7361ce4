/**
 * The script of a report page, in a browser or in a panel of the editor. The
 * page brings its document as inert JSON; everything of it is shown as text and
 * never as markup. What is the same in both places is drawn the same.
 */
import { Chooser } from "./chooser";
import type { Document } from "./document";
import { type Child, element, found, picture, spot, trees } from "./draw";
import { causeOf, type Found, foundOf, momentsOf, pictureOf, type Way, waysOf } from "./model";
import { listed, speak, t } from "./words";

/** What the editor gives to the pages of its panels. */
interface Editor {
  postMessage(message: { type: "copy" | "save" | "refresh" } | { type: "open"; file: string; line: number }): void;
  getState(): unknown;
  setState(state: State): void;
}

/** What survives when the panel is hidden or the editor is restarted. */
interface State {
  version: 1;
  filter: string;
  found: string;
  way: string;
}

declare const acquireVsCodeApi: undefined | (() => Editor);

const editor = typeof acquireVsCodeApi === "function" ? acquireVsCodeApi() : undefined;
const state = restored(editor?.getState());

const data: { document: Document | null; markdown: string; words: Parameters<typeof speak>[0] | null } = JSON.parse(
  found("data").textContent ?? "",
);
speak(data.words ?? {});
const filter = found("filter") as HTMLInputElement;
const count = found("count");

/** A part of the page that the filter acts on: it says how many entries it shows. */
type Filtered = (wanted: string) => string;
const filtered: Filtered[] = [];

if (data.document !== null) {
  drawReport(data.document);
}
filtered.push(variables());
if (editor !== undefined) {
  makeSpotsButtons();
}
startFilter();

function drawReport(document: Document): void {
  const { dir } = document.report.snapshot;
  const all = foundOf(document);
  drawFound(document, all);

  const ways = waysOf(document);
  if (ways.length > 0) {
    const chooser = new Chooser<Way>({
      name: t("Modules"),
      entries: ways,
      selected: state.way,
      onSelect: (way) => keep({ way: way.key }),
      detail: (way) => [
        element("h3", {}, way.title),
        ...way.routes.map(({ environments: names, route }) => {
          const environments = listed(names);
          const title = t("In {environments}", { environments });
          return element(
            "section",
            { "aria-label": title },
            element("h4", {}, title),
            route.probe === undefined
              ? undefined
              : element("p", {}, t("The servers were asked: {why}", { why: route.probe.why })),
            pair(
              pictureOf(route, dir),
              t("The way of {module} in {environments}", { module: way.title, environments }),
            ),
          );
        }),
      ],
    });
    reveal("routes", t("Modules"), ways.length).append(
      element(
        "p",
        { class: "soft" },
        t(
          "Whom the go command asks for each required module, in which order, and which setting decides. Nothing was asked for this picture unless it says so.",
        ),
      ),
      chooser.root,
    );
    filtered.push((wanted) => {
      const n = chooser.filter(wanted);
      return n === 1 ? t("1 module") : t("{n} modules", { n });
    });
  }

  const moments = momentsOf(document);
  if (moments.length > 0) {
    const list = element("ol", { class: "time" });
    const more = element("button", { type: "button" }, t("Show older"));
    let shown = 0;
    let matching = moments;
    const grow = () => {
      const next = matching.slice(shown, shown + 100);
      list.append(
        ...next.map((moment) =>
          element(
            "li",
            {},
            element("time", { datetime: moment.time }, moment.time.replace("T", " ").replace(/\.\d+|Z$/g, "")),
            element("span", { class: "word" }, `${moment.symbol} ${moment.word} `),
            moment.title,
            moment.under === "" ? undefined : element("span", { class: "place" }, moment.under),
          ),
        ),
      );
      shown += next.length;
      more.hidden = shown >= matching.length;
    };
    more.addEventListener("click", grow);
    grow();
    reveal("history", t("Time line"), moments.length).append(
      element("p", { class: "soft" }, t("Newest first.")),
      list,
      more,
    );
    filtered.push((wanted) => {
      matching = moments.filter((moment) => moment.search().includes(wanted));
      shown = 0;
      list.replaceChildren();
      grow();
      const n = matching.length;
      return n === 1 ? t("1 moment") : t("{n} moments", { n });
    });
  }
  found("parts").append(element("li", {}, element("a", { href: "#environments" }, t("Environments"))));
  drawTools();
}

function drawFound(document: Document, all: Found[]): void {
  const section = reveal("found", t("What was found"), all.length);
  if (all.length === 0) {
    section.append(element("p", {}, t("Nothing: no problem of gopls, and no finding of a rule.")));
    return;
  }
  const groups: [group: Found["group"] | "all", label: string][] = [
    ["all", t("Everything")],
    ["phantom", t("Phantoms")],
    ["wrong", t("Errors and warnings")],
    ["note", t("Notes")],
    ["undecided", t("Not decided")],
  ];
  const of = (group: string) => all.filter((one) => group === "all" || one.group === group);
  const select = element(
    "select",
    { id: "group" },
    ...groups
      .filter(([group]) => of(group).length > 0)
      .map(([group, label]) => element("option", { value: group }, `${label} (${of(group).length})`)),
  );
  const chooser = new Chooser<Found>({
    name: t("What was found"),
    entries: all,
    selected: state.found,
    onSelect: (one) => keep({ found: one.key }),
    detail: (one) => detailOf(document, one),
  });
  let wanted = "";
  const apply = () => chooser.filter(wanted, (one) => select.value === "all" || one.group === select.value);
  const shown = (n: number) => (n === 1 ? t("1 finding") : t("{n} findings", { n }));
  select.addEventListener("change", () => {
    count.textContent = shown(apply());
  });
  section.append(element("label", { for: "group" }, `${t("Show")} `, select), chooser.root);
  filtered.push((text) => {
    wanted = text;
    return shown(apply());
  });
}

function detailOf(document: Document, one: Found): Child[] {
  const graph = causeOf(document, one);
  const { dir } = document.report.snapshot;
  return [
    element("h3", {}, element("span", { class: `word ${one.look}` }, `${one.symbol} ${one.word} `), one.title),
    one.place === undefined ? undefined : element("p", {}, spot(one.place, dir)),
    ...one.explanation.map((text) => element("p", {}, text)),
    ...listOf(
      t("What to do"),
      one.fixes.map(
        (fix) =>
          fix.title +
          (fix.disabled ? ` ${t("(not now: {why})", { why: fix.disabled })}` : "") +
          (fix.weakensSecurity ? ` ${t("(weakens security)")}` : ""),
      ),
    ),
    ...(graph.nodes.length < 2
      ? []
      : [element("h4", {}, t("Where it comes from")), pair(graph, t("The causes of: {title}", { title: one.title }))]),
    ...one.said.flatMap((text) => [element("h4", {}, t("What go says")), element("code", {}, text)]),
    ...listOf(t("Proof"), one.proof),
  ];
}

function listOf(title: string, items: string[]): Child[] {
  return items.length === 0
    ? []
    : [element("h4", {}, title), element("ol", { class: "tree" }, ...items.map((item) => element("li", {}, item)))];
}

/** A graph as a picture and in words, side by side where there is room. */
function pair(graph: Parameters<typeof picture>[0], label: string): HTMLElement {
  const { dir } = data.document?.report.snapshot ?? { dir: "" };
  return element(
    "div",
    { class: "pair" },
    element(
      "div",
      { class: "picture scroll", tabindex: "0", role: "group", "aria-label": t("{title} (picture)", { title: label }) },
      picture(graph, label),
    ),
    element("div", {}, element("h4", {}, t("The same in words")), trees(graph, dir)),
  );
}

/** Shows a part of the page, and names it in the list of parts. */
function reveal(id: string, name: string, entries: number): HTMLElement {
  const section = found(id);
  section.hidden = false;
  found("parts").append(element("li", {}, element("a", { href: `#${id}` }, `${name} (${entries})`)));
  return section;
}

function drawTools(): void {
  const said = element("output", { class: "soft", "aria-live": "polite" });
  const button = (label: string, act: () => void) => {
    const made = element("button", { type: "button" }, label);
    made.addEventListener("click", act);
    return made;
  };
  const tools = found("tools");
  if (editor !== undefined) {
    tools.append(
      button(t("Refresh"), () => editor.postMessage({ type: "refresh" })),
      button(t("Copy redacted report"), () => editor.postMessage({ type: "copy" })),
      button(t("Save…"), () => editor.postMessage({ type: "save" })),
      said,
    );
    window.addEventListener(
      "message",
      ({ data: message }: MessageEvent<{ type?: unknown; text?: unknown } | undefined>) => {
        if (message?.type === "said" && typeof message.text === "string") {
          said.textContent = message.text;
        }
      },
    );
    return;
  }
  const text = element("textarea", { readonly: "", rows: "12", "aria-label": t("The report as text") });
  text.hidden = true;
  tools.append(
    button(t("Copy redacted report"), async () => {
      try {
        await navigator.clipboard.writeText(data.markdown);
        said.textContent = t("Copied, as Markdown.");
      } catch {
        // Browsers let some pages not write to the clipboard.
        text.value = data.markdown;
        text.hidden = false;
        text.focus();
        text.select();
        said.textContent = t("The browser does not let the page copy. The text is selected below: copy it by hand.");
      }
    }),
    said,
    text,
  );
}

/** The variables that the page came with. */
function variables(): Filtered {
  const blocks = [...document.querySelectorAll<HTMLElement>("[data-variable]")];
  const folds = [...document.querySelectorAll<HTMLDetailsElement>("details[data-fold]")];
  let texts: string[] | undefined;
  return (wanted) => {
    texts ??= blocks.map((block) => (block.textContent ?? "").toLowerCase());
    let shown = 0;
    for (const [index, block] of blocks.entries()) {
      block.hidden = !texts[index]?.includes(wanted);
      shown += block.tagName === "TR" || block.hidden ? 0 : 1; // a row is the same variable once more
    }
    for (const fold of folds) {
      fold.open = wanted !== "";
    }
    return shown === 1 ? t("1 variable") : t("{n} variables", { n: shown });
  };
}

function startFilter(): void {
  const label = filter.closest("label");
  if (label !== null) {
    label.hidden = false;
  }
  const apply = () => {
    const wanted = filter.value.trim().toLowerCase();
    const counts = filtered.map((part) => part(wanted));
    count.textContent = wanted === "" ? "" : counts.join(", ");
  };
  filter.addEventListener("input", () => {
    keep({ filter: filter.value });
    apply();
  });
  if (state.filter !== "") {
    filter.value = state.filter;
    apply();
  }
}

/** In the editor, the places of files can be gone to. */
function makeSpotsButtons(): void {
  for (const code of document.querySelectorAll<HTMLElement>("code.spot[data-file]")) {
    const { file = "", line = "0" } = code.dataset;
    code.replaceWith(spot({ file, line: Number(line) }, "", code.textContent ?? ""));
  }
  document.addEventListener("click", ({ target }) => {
    const place = target instanceof Element ? target.closest<HTMLElement | SVGElement>("[data-file]") : null;
    const { file = "", line = "0" } = place?.dataset ?? {};
    if (file !== "") {
      editor?.postMessage({ type: "open", file, line: Number(line) });
    }
  });
}

function keep(change: Partial<State>): void {
  Object.assign(state, change);
  editor?.setState(state);
}

/** What was kept, unless another version of this page kept it. */
function restored(kept: unknown): State {
  const { version, filter, found, way } = (kept ?? {}) as Partial<Record<keyof State, unknown>>;
  const text = (value: unknown) => (version === 1 && typeof value === "string" ? value : "");
  return { version: 1, filter: text(filter), found: text(found), way: text(way) };
}
