import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { runEditorAction } from "../../src/editorActions";
import {
  goExtensionFacts,
  goplsViews,
  installGopls,
  keptSetting,
  reloadGopls,
  restartGopls,
} from "../../src/goExtension";
import { editor, resetEditor } from "./vscodeApi";

const restart = "go.languageserver.restart";
const quick = { pauses: [1, 1, 1], restart: 60_000 };

beforeEach(resetEditor);

function install(change: object = {}) {
  const extension = {
    packageJSON: { version: "0.52.1" },
    isActive: true,
    exports: { settings: { getExecutionCommand: (tool: string) => ({ binPath: `/opt/${tool}` }) } },
    activate: async () => undefined,
    ...change,
  };
  editor.extensions["golang.go"] = extension;
  return extension;
}

test("facts: the tools that the extension runs", () => {
  install();
  editor.settings["go.useLanguageServer"] = false;
  assert.deepEqual(goExtensionFacts(), {
    version: "0.52.1",
    active: true,
    useLanguageServer: false,
    go: "/opt/go",
    gopls: "/opt/gopls",
  });
});

test("facts: none without the extension", () => {
  assert.equal(goExtensionFacts(), null);
});

test("facts: an extension that does not say, or says nonsense, leaves the paths empty", () => {
  const silent = [
    { isActive: false },
    { exports: undefined },
    { exports: { settings: { getExecutionCommand: () => undefined } } },
    { exports: { settings: { getExecutionCommand: (tool: string) => ({ binPath: tool }) } } },
    { exports: { settings: { getExecutionCommand: () => ({ binPath: 3 }) } } },
    {
      exports: {
        settings: {
          getExecutionCommand() {
            throw new Error("broken");
          },
        },
      },
    },
  ];
  for (const change of silent) {
    install(change);
    const facts = goExtensionFacts();
    assert.deepEqual([facts?.go, facts?.gopls], ["", ""]);
  }
});

test("restart: waits for the command to appear and for gopls to run", async () => {
  let looked = 0;
  install();
  const done: string[] = [];
  editor.commands = new Proxy(
    {
      [restart]: async () => {
        await new Promise(setImmediate);
        done.push("restarted");
      },
    },
    { has: (commands, id) => id in commands && ++looked > 2 },
  );
  await restartGopls(quick);
  assert.deepEqual(done, ["restarted"]);
  assert.equal(looked, 3);
});

test("restart: gives up with a sentence", async () => {
  await assert.rejects(restartGopls(quick), /not installed/);
  install();
  await assert.rejects(restartGopls(quick), new RegExp(restart));
  editor.commands[restart] = () => new Promise(() => {});
  await assert.rejects(restartGopls({ pauses: [1], restart: 5 }), /did not restart gopls/);
});

test("restart: starts an extension that is not active yet", async () => {
  install({
    isActive: false,
    async activate() {
      editor.commands[restart] = () => undefined;
    },
  });
  await restartGopls({ pauses: [1], restart: 60_000 });
});

test("views: what gopls says, in paths", async () => {
  install();
  assert.equal(await goplsViews([1]), undefined, "a gopls that does not offer it is not asked");
  editor.commands["gopls.views"] = () => [{ ID: "1", Type: "GoWork", Root: "file:///w/a%20b", Folder: "file:///w" }];
  assert.deepEqual(await goplsViews([]), [{ id: "1", type: "GoWork", root: "/w/a b", folder: "/w" }]);
  for (const answer of [null, {}, "x"]) {
    editor.commands["gopls.views"] = () => answer;
    assert.equal(await goplsViews([]), undefined);
  }
  editor.trusted = false;
  editor.commands["gopls.views"] = () => assert.fail("asked in an untrusted workspace");
  assert.equal(await goplsViews([]), undefined);
});

test("settings: variables that are not about Go stay in the editor", () => {
  const variables = { GOPROXY: "off", AWS_SECRET: "s" };
  for (const key of ["go.toolsEnvVars", "go.testEnvVars", "terminal.integrated.env.linux"]) {
    assert.deepEqual(keptSetting(key, variables), { GOPROXY: "off" });
  }
  const gopls = { "build.env": variables, "ui.semanticTokens": true };
  assert.deepEqual(keptSetting("gopls", gopls), { "build.env": { GOPROXY: "off" }, "ui.semanticTokens": true });
  for (const wrong of ["text", null, ["GOPROXY"], 3]) {
    assert.deepEqual(keptSetting("go.toolsEnvVars", wrong), wrong, "a value of a wrong type is told as it is");
  }
});

test("editor actions change process.env", async (t) => {
  process.env.GOPROXY = "off";
  delete process.env.GOPRIVATE;
  t.after(() => {
    delete process.env.GOPROXY;
    delete process.env.GOPRIVATE;
  });

  const unset = await runEditorAction({ kind: "unsetEnv", names: ["GOPROXY", "GOPRIVATE"] });
  assert.deepEqual(unset, { ok: true });
  assert.ok(!("GOPROXY" in process.env));

  const set = await runEditorAction({ kind: "setEnv", values: { GOPRIVATE: "corp.example" } });
  assert.deepEqual(set, { ok: true });
  assert.equal(process.env.GOPRIVATE, "corp.example");
});

test("editor actions leave variables alone that are not about Go", async (t) => {
  process.env.GOPHANTOM_SECRET_TEST = "kept";
  process.env.AWS_SECRET_TEST = "kept";
  t.after(() => {
    delete process.env.GOPHANTOM_SECRET_TEST;
    delete process.env.AWS_SECRET_TEST;
  });
  const result = await runEditorAction({ kind: "unsetEnv", names: ["GOPHANTOM_SECRET_TEST", "AWS_SECRET_TEST"] });
  assert.equal(result.ok, false);
  assert.match(result.error ?? "", /AWS_SECRET_TEST/);
  assert.equal(process.env.GOPHANTOM_SECRET_TEST, "kept", "all or nothing");
  assert.equal(process.env.AWS_SECRET_TEST, "kept");
});

test("editor actions are refused in an untrusted workspace and when unknown", async () => {
  editor.trusted = false;
  install();
  let restarted = false;
  editor.commands[restart] = () => {
    restarted = true;
  };
  assert.equal((await runEditorAction({ kind: "restartGopls" })).ok, false);
  assert.equal(restarted, false);
  editor.trusted = true;
  assert.match((await runEditorAction({ kind: "formatDisk" })).error ?? "", /formatDisk/);
});

test("saving tells when it failed", async () => {
  assert.deepEqual(await runEditorAction({ kind: "save", uri: "file:///w/a" }), { ok: true });
  editor.saves = false;
  assert.equal((await runEditorAction({ kind: "save", uri: "file:///w/a" })).ok, false);
  assert.deepEqual(editor.saved, ["file:///w/a", "file:///w/a"]);
});

const folder = { uri: "file:///w/a", name: "a" };

test("reload: each folder is taken from gopls and given back", async () => {
  install();
  const sent: unknown[] = [];
  editor.commands["gopls.lsp"] = (...args) => {
    sent.push(args);
    return null;
  };
  const other = { uri: "file:///w/b", name: "b" };
  await reloadGopls([folder, other], []);
  assert.deepEqual(
    sent,
    [folder, other].map((f) => [
      { method: "workspace/didChangeWorkspaceFolders", param: { event: { removed: [f], added: [f] } } },
    ]),
  );
});

test("reload: a gopls that cannot is not asked, for it would tell the user of a failure", async () => {
  await assert.rejects(reloadGopls([folder], []), /not installed/);
  install({ isActive: false });
  await assert.rejects(reloadGopls([folder], []), /has not started/);
  install();
  await assert.rejects(reloadGopls([folder], [1, 1]), /does not run/);
  editor.commands["gopls.views"] = () => [];
  await assert.rejects(reloadGopls([folder], [60_000]), /v0\.21\.0/, "it is not waited for what will not come");
});

test("reload: waits for a gopls that is starting", async () => {
  let looked = 0;
  install();
  const done: string[] = [];
  editor.commands = new Proxy(
    { "gopls.lsp": () => done.push("loaded") },
    { has: (commands, id) => id in commands && ++looked > 2 },
  );
  await reloadGopls([folder], [1, 1, 1]);
  assert.deepEqual(done, ["loaded"]);
});

test("reload: only what the editor itself calls a folder, by the name it gives it", async () => {
  install();
  editor.folders = ["/w/a b"];
  const sent: unknown[] = [];
  editor.commands["gopls.lsp"] = (message) => sent.push(message);
  const foreign = await runEditorAction({ kind: "reloadGopls", uris: ["file:///w/a%20b", "file:///w"] });
  assert.deepEqual(foreign, { ok: false, error: "/w is no folder of this workspace." });
  assert.deepEqual(sent, []);
  assert.deepEqual(await runEditorAction({ kind: "reloadGopls", uris: ["file:///w/a%20b"] }), { ok: true });
  const known = { uri: "file:///w/a%20b", name: "name of /w/a b" };
  assert.deepEqual(sent, [
    { method: "workspace/didChangeWorkspaceFolders", param: { event: { removed: [known], added: [known] } } },
  ]);
});

test("install: the Go extension is given the whole tool", async () => {
  await assert.rejects(installGopls(), /not installed/);
  install();
  await assert.rejects(installGopls(), /go\.tools\.install/);
  let args: unknown;
  editor.commands["go.tools.install"] = (tools) => {
    args = tools;
  };
  assert.deepEqual(await runEditorAction({ kind: "installGopls" }), { ok: true });
  const [tool] = args as { [field: string]: unknown }[];
  assert.deepEqual([tool?.name, tool?.importPath, tool?.version], ["gopls", "golang.org/x/tools/gopls", undefined]);
  editor.commands["go.tools.install"] = () => new Promise(() => {});
  await assert.rejects(installGopls(6), /did not install gopls/);
});

test("restarting the extensions: after the answer, and only where the editor can", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const action = { kind: "restartExtensionHost" };
  assert.match((await runEditorAction(action)).error ?? "", /reload the window/);
  let restarted = 0;
  editor.commands["workbench.action.restartExtensionHost"] = () => ++restarted;
  assert.deepEqual(await runEditorAction(action), { ok: true });
  assert.equal(restarted, 0);
  t.mock.timers.tick(1000);
  assert.equal(restarted, 1);
});

test("adding a folder tells when it failed", async () => {
  assert.deepEqual(await runEditorAction({ kind: "addFolder", uri: "file:///w/b" }), { ok: true });
  editor.adds = false;
  assert.equal((await runEditorAction({ kind: "addFolder", uri: "file:///w/b" })).ok, false);
  assert.deepEqual(editor.added, ["file:///w/b", "file:///w/b"]);
});

test("reload: a document that gopls took for nobody's meanwhile is looked at again", async () => {
  install();
  const orphan = (file: string): (typeof editor.diagnostics)[number] =>
    [
      file,
      [{ source: "go list", message: `No active builds contain ${file}: consider opening a new workspace folder` }],
    ] as unknown as (typeof editor.diagnostics)[number];
  editor.diagnostics = [orphan("/elsewhere/x.go")];
  const sent: unknown[] = [];
  editor.commands["gopls.lsp"] = (message) => {
    sent.push(message);
    editor.diagnostics = [orphan("/elsewhere/x.go"), orphan("/w/a/main.go")];
  };
  await reloadGopls([folder], []);
  assert.deepEqual(sent[1], {
    method: "workspace/didChangeWatchedFiles",
    param: { changes: [{ uri: "file:///w/a/main.go", type: 2 }] },
  });
  await reloadGopls([folder], []);
  assert.equal(sent.length, 3, "what was there before is not its doing");
});
