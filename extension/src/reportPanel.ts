/**
 * The environment report in a panel: a page of the server, shown as it is. Its
 * own policy lets it load nothing and run nothing but its one script, which
 * draws; what the page asks for is done here.
 */
import type { EnvironmentReportResult } from "./protocol.gen";
import type { SessionManager } from "./session";
import { messageOf } from "./text";
import * as api from "./vscodeApi";

const viewType = "gophantom.report";

/** The panel, of which there is one. */
export class ReportPanel {
  private panel: api.Panel | undefined;
  private shown: EnvironmentReportResult | undefined;
  /** Which attempt to show is the newest. */
  private round = 0;
  private snapshot: number | undefined;
  /** Whether the report is still to come: no server ran when it was wanted. */
  private waiting = false;
  private readonly listeners: api.Disposable[];

  constructor(
    private readonly manager: Pick<SessionManager, "environmentReport" | "onDidChangeStatus" | "status">,
    private readonly log: api.Log,
  ) {
    this.listeners = [
      // What the editor kept of an older window, or of an older version of ours: only that there was a panel.
      api.onDidRestorePanel(viewType, (panel) => {
        this.panel?.dispose();
        this.adopt(panel);
        return this.load();
      }),
      manager.onDidChangeStatus((status) => {
        if (status === undefined || this.panel === undefined) {
          return;
        }
        if (this.waiting) {
          void this.load();
        } else if (status.ready && this.snapshot !== undefined && status.snapshot !== this.snapshot) {
          this.say(api.t("Something changed since. Refresh shows it."));
        }
      }),
    ];
  }

  dispose(): void {
    for (const listener of this.listeners) {
      listener.dispose();
    }
    this.panel?.dispose();
  }

  /** Opens the panel, or brings it to the front, with the newest report. */
  async show(): Promise<void> {
    if (this.panel === undefined) {
      this.adopt(api.createPanel(viewType, api.t("Environment Report")));
    } else {
      this.panel.reveal();
    }
    await this.load();
  }

  private adopt(panel: api.Panel): void {
    this.panel = panel;
    this.shown = undefined;
    panel.onDidDispose(() => {
      if (this.panel === panel) {
        this.panel = undefined;
        this.shown = undefined;
        this.waiting = false;
      }
    });
    panel.onMessage((message) => {
      if (this.panel === panel) {
        this.obey(message).catch((error: unknown) => this.say(messageOf(error)));
      }
    });
  }

  /** Asks for the report and shows it, or why there is none. */
  private async load(): Promise<void> {
    const panel = this.panel;
    const round = ++this.round;
    if (this.shown === undefined) {
      panel?.setPage(notice(api.t("Go Phantom is looking at the environments. The report comes when it has.")));
    }
    let page: string;
    try {
      const report = await this.manager.environmentReport();
      if (round !== this.round || panel === undefined || this.panel !== panel) {
        return;
      }
      this.waiting = false;
      this.shown = report;
      this.snapshot = this.manager.status()?.snapshot;
      page = report.page;
    } catch (error) {
      if (round !== this.round || panel === undefined || this.panel !== panel) {
        return;
      }
      this.log.error(`There is no environment report: ${messageOf(error)}`);
      this.waiting = true;
      if (this.shown !== undefined) {
        this.say(api.t("There is no newer report. {0}", messageOf(error)));
        return;
      }
      page = notice(api.t("There is no report yet. {0} It comes by itself when there is one.", messageOf(error)));
    }
    panel.setPage(page);
  }

  /** Does what the page asks for. A page is made of text of others, so nothing of it is believed. */
  private async obey(message: unknown): Promise<void> {
    const { type, file, line } = (message ?? {}) as { type?: unknown; file?: unknown; line?: unknown };
    const shown = this.shown;
    if (shown === undefined) {
      return;
    }
    switch (type) {
      case "refresh":
        await this.load();
        break;
      case "copy":
        await api.copy(shown.markdown);
        this.say(api.t("Copied, as Markdown. Read it before you share it: it holds paths and names of modules."));
        break;
      case "save": {
        const saved = await api.saveAs("environment-report.html", shown.page);
        if (saved !== undefined) {
          this.say(api.t("Saved as {0}.", saved));
        }
        break;
      }
      case "open":
        if (typeof file !== "string" || !(shown.files ?? []).includes(file)) {
          throw new Error(api.t("The report does not name this file."));
        }
        await api.openAt(api.uriOf(file), typeof line === "number" && line > 0 ? line - 1 : 0);
        break;
    }
  }

  private say(text: string): void {
    this.panel?.post({ type: "said", text });
  }
}

/** A page with one sentence. */
function notice(text: string): string {
  const escaped = (raw: string) => raw.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const title = escaped(api.t("Environment Report"));
  return `<!doctype html><html lang="${escaped(api.language())}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>${title}</title></head><body><main><h1>${title}</h1><p role="status">${escaped(text)}</p></main></body></html>`;
}
