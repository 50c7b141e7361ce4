import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { EnvironmentReportResult, Status } from "../../src/protocol.gen";
import { ReportPanel } from "../../src/reportPanel";
import { status as serverStatus } from "./serverStatus";
import { createEmitter, editor, FakePanel, fakeLog, resetEditor } from "./vscodeApi";

beforeEach(resetEditor);

/** A panel over a manager that answers what the test says. */
function opened() {
  const statuses = createEmitter<Status | undefined>();
  const manager = {
    answer: (async () => report(1)) as () => Promise<EnvironmentReportResult>,
    snapshot: 1,
    environmentReport: () => manager.answer(),
    onDidChangeStatus: statuses.event,
    status: () => serverStatus({ snapshot: manager.snapshot }),
  };
  const log = fakeLog();
  const panel = new ReportPanel(manager, log);
  return { manager, statuses, panel, log };
}

function report(number: number): EnvironmentReportResult {
  return { page: `<p>report ${number}</p>`, markdown: `# Report ${number}`, files: ["/app/main.go"] };
}

const lastPage = (panel = editor.panels[0]) => panel?.pages.at(-1) ?? "";
/** Lets what was begun by an event run to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the command opens one panel, and brings it to the front with the newest report", async () => {
  const { manager, panel } = opened();
  await panel.show();
  assert.equal(lastPage(), "<p>report 1</p>");
  manager.answer = async () => report(2);
  await panel.show();
  assert.equal(editor.panels.length, 1);
  assert.equal(editor.panels[0]?.reveals, 1);
  assert.equal(lastPage(), "<p>report 2</p>");
  editor.panels[0]?.dispose();
  await panel.show();
  assert.equal(editor.panels.length, 2, "a closed panel is opened anew");
});

test("a report that comes late does not replace a newer one", async () => {
  const { manager, panel } = opened();
  let late: (report: EnvironmentReportResult) => void = () => {};
  manager.answer = () => new Promise((resolve) => (late = resolve));
  const first = panel.show();
  manager.answer = async () => report(2);
  await panel.show();
  late(report(1));
  await first;
  assert.equal(lastPage(), "<p>report 2</p>");
});

test("without a server the panel says why, as text, and the report comes with the server", async () => {
  const { manager, statuses, panel } = opened();
  manager.answer = async () => {
    throw new Error("The server is not <b>running</b>.");
  };
  await panel.show();
  assert.match(lastPage(), /There is no report yet/);
  assert.ok(!lastPage().includes("<b>"), lastPage());
  manager.answer = async () => report(3);
  statuses.fire(serverStatus({}));
  await settled();
  assert.equal(lastPage(), "<p>report 3</p>");
});

test("a panel that the editor opens again gets a new report, whatever was kept of it", async () => {
  opened();
  const kept = new FakePanel();
  await editor.restorers["gophantom.report"]?.(kept);
  assert.equal(lastPage(kept), "<p>report 1</p>");
});

test("a change since is told, and the report stays until it is refreshed", async () => {
  const { manager, statuses, panel } = opened();
  await panel.show();
  statuses.fire(serverStatus({ snapshot: 1 }));
  assert.deepEqual(editor.panels[0]?.posted, [], "the picture is the one that is shown");
  manager.answer = async () => report(2);
  manager.snapshot = 2;
  statuses.fire(serverStatus({ snapshot: 2 }));
  assert.equal(lastPage(), "<p>report 1</p>");
  assert.match(JSON.stringify(editor.panels[0]?.posted), /changed since/);
  editor.panels[0]?.say({ type: "refresh" });
  await settled();
  assert.equal(lastPage(), "<p>report 2</p>");
});

test("the page may have the report copied and saved", async () => {
  const { panel } = opened();
  await panel.show();
  editor.panels[0]?.say({ type: "copy" });
  editor.answer = "/home/report.html";
  editor.panels[0]?.say({ type: "save" });
  await settled();
  assert.equal(editor.clipboard, "# Report 1");
  assert.deepEqual(editor.written, [{ name: "environment-report.html", text: "<p>report 1</p>" }]);
});

test("the page may open the files that the report names, and no others", async () => {
  const { panel } = opened();
  await panel.show();
  editor.panels[0]?.say({ type: "open", file: "/app/main.go", line: 7 });
  editor.panels[0]?.say({ type: "open", file: "/app/main.go", line: -1 });
  editor.panels[0]?.say({ type: "open", file: "/etc/passwd", line: 1 });
  for (const nonsense of [
    null,
    7,
    "open",
    { type: "open" },
    { type: "open", file: ["/app/main.go"] },
    { type: "run" },
  ]) {
    editor.panels[0]?.say(nonsense);
  }
  await settled();
  assert.deepEqual(editor.opened, ["file:///app/main.go:6", "file:///app/main.go:0"]);
});
