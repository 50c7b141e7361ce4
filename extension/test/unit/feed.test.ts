import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { beforeEach, test } from "node:test";
import { keptEnv } from "../../src/allowList";
import { collectFacts, Feed, Published } from "../../src/feed";
import type { EditorFacts } from "../../src/protocol.gen";
import { type Diagnostic, editor, resetEditor } from "./vscodeApi";

beforeEach(resetEditor);

const nowhere = path.join(path.sep, "no", "User", "globalStorage", "gophantom.gophantom");

function problem(change: Partial<Diagnostic> = {}): Diagnostic {
  return {
    range: { start: { line: 3, character: 8 }, end: { line: 3, character: 20 } },
    severity: 0,
    source: "compiler",
    message: "could not import example.com/dep",
    ...change,
  } as Diagnostic;
}

test("only allow-listed variables leave the editor", () => {
  const secrets = {
    AWS_SECRET_ACCESS_KEY: "s",
    GITHUB_TOKEN: "s",
    GOOGLE_APPLICATION_CREDENTIALS: "s",
    NPM_TOKEN: "s",
    XGOPROXY: "s",
  };
  const about = {
    GOPROXY: "off",
    GOFLAGS: "",
    https_proxy: "http://proxy.example",
    PATH: "/bin",
    CGO_ENABLED: "0",
    Path: "C:\\",
  };
  assert.deepEqual(keptEnv({ ...secrets, ...about }), about);
  assert.doesNotMatch(
    JSON.stringify(collectFacts({ storage: nowhere, logs: "/logs/own" }, { ...secrets, PATH: "/bin" })),
    /"s"/,
  );
});

test("settings come per scope, with the file of the scope", (t) => {
  const data = mkdtempSync(path.join(tmpdir(), "gophantom-"));
  t.after(() => rmSync(data, { recursive: true }));
  const storage = path.join(data, "globalStorage", "gophantom.gophantom");
  editor.folders = ["/w"];
  editor.inspected = {
    "go.toolsEnvVars": { user: { GOPROXY: "direct" }, workspace: { GOPROXY: "off" }, folder: { GOPROXY: "off" } },
    "http.proxy": { user: "" },
    "editor.fontSize": { user: 14 },
  };
  const [user, workspace, ...rest] = collectFacts({ storage, logs: "" }, {}).settings ?? [];
  assert.deepEqual(user, {
    scope: "user",
    file: "",
    folder: "",
    values: { "go.toolsEnvVars": { GOPROXY: "direct" }, "http.proxy": "" },
  });
  assert.deepEqual(workspace, {
    scope: "workspace",
    file: path.join("/w", ".vscode", "settings.json"),
    folder: "",
    values: { "go.toolsEnvVars": { GOPROXY: "off" } },
  });
  assert.deepEqual(rest, []);

  writeFileSync(path.join(data, "settings.json"), "{}");
  assert.equal(collectFacts({ storage, logs: "" }, {}).settings?.[0]?.file, path.join(data, "settings.json"));
});

test("a .code-workspace is the workspace scope, and every folder has its own", () => {
  editor.codeWorkspace = "/w/all.code-workspace";
  editor.folders = ["/w/a", "/w/b"];
  editor.inspected = {
    "go.goroot": { workspace: "/go" },
    "/w/a:go.goroot": { workspace: "/go" },
    "/w/b:go.goroot": { workspace: "/go", folder: "/other" },
  };
  const settings = collectFacts({ storage: nowhere, logs: "/logs/own" }, {}).settings ?? [];
  assert.deepEqual(
    settings.map(({ scope, file, folder, values }) => [scope, file, folder, values?.["go.goroot"]]),
    [
      ["user", "", "", undefined],
      ["workspace", "/w/all.code-workspace", "", "/go"],
      ["folder", path.join("/w/a", ".vscode", "settings.json"), "/w/a", undefined],
      ["folder", path.join("/w/b", ".vscode", "settings.json"), "/w/b", "/other"],
    ],
  );
});

test("problems: those of Go files that are not ours, in the terms of LSP", () => {
  editor.diagnostics = [
    [
      "/w/z.go",
      [
        problem({
          severity: 3,
          source: "unusedparams",
          code: { value: "U1", target: {} } as { value: string; target: never },
        }),
      ],
    ],
    ["/w/go.mod", [problem({ source: "go mod tidy", code: 12 }), problem({ source: "gophantom" })]],
    ["/w/main.go", [problem({ source: "gophantom" })]],
    ["/w/README.md", [problem()]],
  ];
  assert.deepEqual(
    collectFacts({ storage: nowhere, logs: "/logs/own" }, {}).problems?.map(({ file, items }) => [
      file,
      items?.map((i) => [i.severity, i.source, i.code]),
    ]),
    [
      ["/w/go.mod", [[1, "go mod tidy", "12"]]],
      ["/w/z.go", [[4, "unusedparams", "U1"]]],
    ],
  );
  const [first] = collectFacts({ storage: nowhere, logs: "/logs/own" }, {}).problems?.[0]?.items ?? [];
  assert.deepEqual([first?.startLine, first?.startChar, first?.endLine, first?.endChar], [3, 8, 3, 20]);
});

test("problems come with the version they were published for", () => {
  const published = new Published();
  const versions = () => {
    const [file] = collectFacts({ storage: nowhere, logs: "/logs/own" }, {}, published).problems ?? [];
    return [file?.version, file?.published];
  };
  const red = problem();
  editor.diagnostics = [["/w/main.go", [red]]];
  assert.deepEqual(versions(), [null, null], "a document that is not open has no version");
  editor.versions = { "/w/main.go": 4 };
  editor.diagnostics = [["/w/main.go", [problem()]]];
  assert.deepEqual(versions(), [4, 4]);
  editor.versions = { "/w/main.go": 5 };
  assert.deepEqual(versions(), [5, 4], "the document changed, and gopls has not looked yet");
  const [[, [now]]] = editor.diagnostics as [[string, [Diagnostic]]];
  editor.diagnostics = [["/w/main.go", [now, problem({ source: "gophantom" })]]];
  assert.deepEqual(versions(), [5, 4], "what we publish says nothing about gopls");
  editor.diagnostics = [["/w/main.go", [problem()]]];
  assert.deepEqual(versions(), [5, 5], "gopls published the same problem anew");
});

test("trust, dirty documents, folders, the remote and the window are told", () => {
  editor.web = true;
  editor.focused = false;
  editor.trusted = false;
  editor.dirty = ["/w/main.go"];
  editor.remote = "wsl";
  editor.folders = ["/w"];
  const { trusted, dirty, remote, folders, web, focused } = collectFacts({ storage: nowhere, logs: "/logs/own" }, {});
  assert.deepEqual(
    { trusted, dirty, remote, folders, web, focused },
    { trusted: false, dirty: ["/w/main.go"], remote: "wsl", folders: ["/w"], web: true, focused: false },
  );
});

test("the feed sends at once, then what changed, gathered for 200 ms", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const env: NodeJS.ProcessEnv = {};
  const sent: EditorFacts[] = [];
  const feed = new Feed(
    () => collectFacts({ storage: nowhere, logs: "/logs/own" }, env),
    (facts) => sent.push(facts),
  );
  t.after(() => feed.dispose());
  assert.equal(sent.length, 1);

  editor.dirty = ["/w/main.go"];
  editor.changed.fire();
  t.mock.timers.tick(150);
  editor.diagnostics = [["/w/main.go", [problem()]]];
  editor.changed.fire();
  assert.equal(sent.length, 1, "too early");
  t.mock.timers.tick(50);
  assert.equal(sent.length, 2, "a later change does not move the clock");
  assert.deepEqual(sent[1]?.dirty, ["/w/main.go"]);
  assert.equal(sent[1]?.problems?.length, 1);

  editor.changed.fire();
  t.mock.timers.tick(1000);
  assert.equal(sent.length, 2, "nothing changed");

  feed.sendNow();
  assert.equal(sent.length, 3, "somebody waits for it");
});

test("what nobody announces is looked for after a stir, less and less, and then no more", (t) => {
  const pending = new Set<unknown>();
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { setTimeout: mocked, clearTimeout: mockedClear, setInterval: interval } = globalThis;
  t.mock.method(globalThis, "setTimeout", ((run: () => void, millis: number) => {
    const timer = mocked(() => {
      pending.delete(timer);
      run();
    }, millis);
    pending.add(timer);
    return timer;
  }) as typeof setTimeout);
  t.mock.method(globalThis, "clearTimeout", ((timer: NodeJS.Timeout | undefined) => {
    pending.delete(timer);
    mockedClear(timer);
  }) as typeof clearTimeout);
  const intervals = t.mock.method(globalThis, "setInterval", interval);
  const env: NodeJS.ProcessEnv = {};
  let looks = 0;
  const sent: EditorFacts[] = [];
  const feed = new Feed(
    () => {
      looks++;
      return collectFacts({ storage: nowhere, logs: "/logs/own" }, env);
    },
    (facts) => sent.push(facts),
  );
  t.after(() => feed.dispose());

  env.GOPROXY = "off"; // as another extension does, unannounced
  t.mock.timers.tick(250);
  assert.equal(sent.at(-1)?.env?.GOPROXY, "off");
  for (const pause of [500, 1000, 2000, 4000, 8000]) {
    const before = looks;
    assert.equal(pending.size, 1);
    t.mock.timers.tick(pause);
    assert.equal(looks, before + 1);
  }
  assert.equal(pending.size, 0, "nothing is left that could wake us");

  delete env.GOPROXY;
  t.mock.timers.tick(3_600_000);
  assert.equal(sent.length, 2, "an idle editor is left alone");
  editor.stirred.fire();
  t.mock.timers.tick(250);
  assert.equal(sent.at(-1)?.env?.GOPROXY, undefined);
  feed.dispose();
  assert.equal(pending.size, 0);
  assert.equal(intervals.mock.callCount(), 0);
});

test("a disposed feed is silent", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  let sent = 0;
  const feed = new Feed(
    () => collectFacts({ storage: nowhere, logs: "/logs/own" }, {}),
    () => sent++,
  );
  editor.dirty = ["/w/main.go"];
  editor.changed.fire();
  feed.dispose();
  t.mock.timers.tick(10_000);
  assert.equal(sent, 1);
  assert.equal(editor.changed.size, 0);
  assert.equal(editor.stirred.size, 0);
});
