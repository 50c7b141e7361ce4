/**
 * A list to choose from, with the chosen entry beside it. Long lists come in
 * pages. The arrow keys, Home and End move, as in any list box.
 */
import { type Child, element } from "./draw";
import type { Entry } from "./model";
import { t } from "./words";

/** How many entries are drawn at once. */
const pageSize = 50;

export class Chooser<E extends Entry> {
  readonly root: HTMLElement;
  private readonly list: HTMLElement;
  private readonly detail: HTMLElement;
  private readonly pager = element("div", { class: "pager" });
  private readonly options = new Map<string, HTMLElement>();
  private matching: E[];
  private page = 0;
  private chosen: E | undefined;

  /**
   *   name      of the list, for screen readers
   *   selected  the key of the entry to begin with; the first one if there is none of it
   *   detail    draws the chosen entry
   */
  constructor(
    private readonly of: {
      name: string;
      entries: E[];
      selected: string;
      onSelect(entry: E): void;
      detail(entry: E): Child[];
    },
  ) {
    this.list = element("div", { class: "pick", role: "listbox", "aria-label": of.name });
    this.detail = element("div", {
      class: "detail",
      role: "region",
      "aria-label": t("{list}: the chosen one", { list: of.name }),
    });
    this.root = element("div", { class: "columns" }, element("div", {}, this.list, this.pager), this.detail);
    this.matching = of.entries;
    this.list.addEventListener("click", ({ target }) => {
      const option = target instanceof Element ? target.closest<HTMLElement>("[role=option]") : null;
      this.choose(this.matching.find(({ key }) => key === option?.dataset.key));
    });
    this.list.addEventListener("keydown", (event) => {
      const at = this.chosen === undefined ? -1 : this.matching.indexOf(this.chosen);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.matching.length - 1 }[event.key];
      if (to !== undefined && !event.ctrlKey && !event.altKey && !event.metaKey) {
        event.preventDefault();
        this.choose(this.matching[to]);
        this.options.get(this.chosen?.key ?? "")?.focus();
      }
    });
    this.draw(of.entries.find(({ key }) => key === of.selected) ?? of.entries[0]);
  }

  /** Shows the entries that hold the text, which is in lower case; answers how many. */
  filter(text: string, also: (entry: E) => boolean = () => true): number {
    this.matching = this.of.entries.filter((entry) => also(entry) && (text === "" || entry.search().includes(text)));
    this.draw(this.chosen !== undefined && this.matching.includes(this.chosen) ? this.chosen : this.matching[0]);
    return this.matching.length;
  }

  /** Draws the page that an entry is on. */
  private draw(entry: E | undefined): void {
    this.page = entry === undefined ? 0 : Math.floor(this.matching.indexOf(entry) / pageSize);
    const pages = Math.ceil(this.matching.length / pageSize);
    this.options.clear();
    this.list.replaceChildren(
      ...this.matching.slice(this.page * pageSize, (this.page + 1) * pageSize).map((one) => this.option(one)),
    );
    if (this.matching.length === 0) {
      this.list.append(
        element("div", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, t("Nothing matches.")),
      );
    }
    const turn = (label: string, to: number) => {
      const button = element("button", { type: "button" }, label);
      button.disabled = to < 0 || to >= pages;
      button.addEventListener("click", () => this.choose(this.matching[to * pageSize]));
      return button;
    };
    this.pager.hidden = pages < 2;
    this.pager.replaceChildren(
      turn(t("Previous"), this.page - 1),
      element("span", { class: "soft" }, t("{page} of {pages}", { page: this.page + 1, pages })),
      turn(t("Next"), this.page + 1),
    );
    this.chosen = undefined;
    this.mark(entry);
  }

  private option(entry: E): HTMLElement {
    const option = element(
      "div",
      { role: "option", tabindex: "-1", "aria-selected": "false", "data-key": entry.key },
      entry.word === ""
        ? undefined
        : element("span", { class: `word ${entry.look}` }, `${entry.symbol} ${entry.word} `),
      entry.title.length > titleLimit ? `${entry.title.slice(0, titleLimit)}…` : entry.title,
      element("span", { class: "place" }, entry.under),
    );
    this.options.set(entry.key, option);
    return option;
  }

  private choose(entry: E | undefined): void {
    if (entry === undefined) {
      return;
    }
    if (!this.options.has(entry.key)) {
      this.draw(entry);
    } else {
      this.mark(entry);
    }
    this.of.onSelect(entry);
  }

  private mark(entry: E | undefined): void {
    if (this.chosen !== undefined && this.chosen !== entry) {
      this.set(this.chosen, false);
    }
    if (entry !== undefined) {
      this.set(entry, true);
    }
    if (entry === this.chosen && entry !== undefined) {
      return;
    }
    this.chosen = entry;
    this.detail.replaceChildren(
      ...(entry === undefined ? [] : this.of.detail(entry)).filter((child) => child !== undefined),
    );
  }

  private set(entry: E, chosen: boolean): void {
    const option = this.options.get(entry.key);
    option?.setAttribute("aria-selected", String(chosen));
    option?.setAttribute("tabindex", chosen ? "0" : "-1");
    if (chosen) {
      option?.scrollIntoView({ block: "nearest" });
    }
  }
}

/** How many characters of a title the list shows; all of it stands beside it. */
const titleLimit = 200;
