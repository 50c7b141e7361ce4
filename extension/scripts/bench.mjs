// npm run bench: what Go Phantom costs, as ratios within one run, so that they mean something on any machine.

import { spawn } from "node:child_process";
import { EventEmitter, on, once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { attempt, buildEnvironment, find, run } from "./command.mjs";
import { makeDemo } from "./demo.mjs";
import { root, sidecar } from "./layout.mjs";
import { explain, step } from "./progress.mjs";
import { setUpBuild, setUpGopls } from "./setup.mjs";

/** Runs of a whole process, and of a whole verdict with gopls. */
const starts = 30;
const verdicts = 5;

/** A language server on stdio; handlers answer its requests and notifications by method. */
function connect(command, args, { env, cwd, handlers = {} }) {
  const rpc = createRequire(join(root, "package.json"))("vscode-jsonrpc/node");
  const child = spawn(command, args, { env, cwd, stdio: ["pipe", "pipe", "ignore"] });
  const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(child.stdout),
    new rpc.StreamMessageWriter(child.stdin),
  );
  connection.onRequest((method, params) => handlers[method]?.(params) ?? null);
  connection.onNotification((method, params) => handlers[method]?.(params));
  connection.listen();
  return {
    pid: child.pid,
    request: (method, params) => connection.sendRequest(method, params),
    notify: (method, params) => connection.sendNotification(method, params),
    initialize: (dir, initializationOptions) =>
      connection.sendRequest("initialize", {
        processId: process.pid,
        rootUri: dir && pathToFileURL(dir).href,
        workspaceFolders: dir && [{ uri: pathToFileURL(dir).href, name: "bench" }],
        capabilities: { workspace: { configuration: true, workspaceFolders: true } },
        initializationOptions,
      }),
    async end() {
      const exited = once(child, "exit");
      connection.dispose();
      child.kill();
      await exited;
    },
  };
}

/** Milliseconds from spawn to the answer of initialize. */
async function startTime(command, args) {
  const started = performance.now();
  const server = connect(command, args, { env: process.env, cwd: root });
  await server.initialize();
  const time = performance.now() - started;
  await server.end();
  return time;
}

/** Puts a go on PATH that notes when it ran. */
async function timedGo(dir, env) {
  const log = join(dir, "go.times");
  const go = join(dir, "bin", "go");
  await mkdir(join(dir, "bin"));
  await writeFile(
    go,
    `#!/bin/sh\ns=$(date +%s%N)\n'${find("go")}' "$@"\nc=$?\necho "$s $(date +%s%N)" >>'${log}'\nexit $c\n`,
  );
  await chmod(go, 0o755);
  return {
    env: { ...env, PATH: `${join(dir, "bin")}${delimiter}${env.PATH}` },
    /** Milliseconds after the moment from (as Date.now) during which at least one go ran, of those that ended since the last call. */
    async spent(from = 0) {
      const lines = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").filter(Boolean);
      await rm(log, { force: true });
      const intervals = lines.map((line) => line.split(" ").map((nanos) => Number(BigInt(nanos) / 1000n) / 1000));
      let time = 0;
      let until = from;
      for (const [start, end] of intervals.sort((a, b) => a[0] - b[0])) {
        time += Math.max(0, end - Math.max(start, until));
        until = Math.max(until, end);
      }
      return time;
    },
  };
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

async function residentMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** gopls in the demo, as the Go extension would run it there; resolves with its complaint about the import. */
async function complaintOf(gopls, demo, env) {
  const file = join(demo.workspace, "main.go");
  const uri = pathToFileURL(file).href;
  let complaint;
  const complained = new Promise((resolve) => {
    complaint = resolve;
  });
  const server = connect(gopls, [], {
    env: { ...env, GOPROXY: "off" },
    cwd: demo.workspace,
    handlers: {
      "workspace/configuration": ({ items }) => items.map(() => null),
      "textDocument/publishDiagnostics": ({ diagnostics }) => {
        const found = diagnostics.find(({ message }) => message.includes("could not import"));
        if (found) {
          complaint(found);
        }
      },
    },
  });
  await server.initialize(demo.workspace);
  await server.notify("initialized", {});
  const text = await readFile(file, "utf8");
  await server.notify("textDocument/didOpen", { textDocument: { uri, languageId: "go", version: 1, text } });
  const { range, severity, source, code, message } = await complained;
  const problem = {
    startLine: range.start.line,
    startChar: range.start.character,
    endLine: range.end.line,
    endChar: range.end.character,
    severity,
    source,
    code: String(code ?? ""),
    message,
  };
  return { server, problems: [{ file, items: [problem] }] };
}

/** Milliseconds from the problem to the status that calls it a phantom, in a fresh server, and its memory then. */
async function verdictTime(demo, env, gopls, problems) {
  const states = new EventEmitter();
  const server = connect(sidecar, ["lsp"], {
    env,
    cwd: demo.workspace,
    handlers: { "gophantom/status": (status) => states.emit("status", status) },
  });
  const status = async (wanted) => {
    for await (const [state] of on(states, "status", { signal: AbortSignal.timeout(60_000) })) {
      if (wanted(state)) {
        return;
      }
    }
  };
  const facts = {
    trusted: true,
    env: Object.fromEntries(
      Object.entries({ ...env, GOPROXY: "off" }).filter(([name]) => /^(GO|PATH$|HOME$|XDG_)/.test(name)),
    ),
    folders: [demo.workspace],
    settings: [],
    problems: [],
    dirty: [],
    goExtension: { version: "bench", active: true, useLanguageServer: true, go: find("go"), gopls },
    remote: "",
  };
  await server.initialize(demo.workspace, {});
  const ready = status(({ ready }) => ready);
  await server.notify("initialized", {});
  await server.notify("gophantom/editorFacts", facts);
  await ready;
  const phantom = status(({ ready, counts }) => ready && counts.phantom > 0);
  const started = performance.now();
  const from = Date.now();
  await server.notify("gophantom/editorFacts", { ...facts, problems });
  await phantom;
  const time = performance.now() - started;
  const memory = await residentMegabytes(server.pid);
  await server.end();
  return { time, from, memory };
}

function show(title, ours, theirs, what) {
  const ratio = (ours / theirs).toFixed(2);
  console.log(`  ${title}: ${ours.toFixed(1)} ms, ${ratio} × ${what} (${theirs.toFixed(1)} ms)`);
}

async function bench() {
  await setUpBuild();
  const gopls = await setUpGopls();
  const dir = await mkdtemp(join(tmpdir(), "gophantom-bench-"));
  const demo = await makeDemo({ gopls });
  try {
    const bare = join(dir, "bareserver");
    await step("bare protocol server", async () => {
      const args = ["build", "-trimpath", "-o", bare, "./extension/scripts/bareserver"];
      await run("go", args, { env: { ...buildEnvironment(), CGO_ENABLED: "0" } });
    });
    console.log();

    const times = { ours: [], bare: [] };
    for (let i = 0; i < starts; i++) {
      times.bare.push(await startTime(bare, []));
      times.ours.push(await startTime(sidecar, ["lsp"]));
    }
    show("spawn to initialize", median(times.ours), median(times.bare), "the bare protocol server");

    await demo.repair();
    const timed = await timedGo(dir, demo.env);
    const checks = { all: [], go: [] };
    for (let i = 0; i < verdicts; i++) {
      await timed.spent();
      const started = performance.now();
      await attempt(sidecar, ["check"], { cwd: demo.workspace, env: timed.env });
      checks.all.push(performance.now() - started);
      checks.go.push(await timed.spent());
    }
    show("gophantom check", median(checks.all), median(checks.go), "the go commands it runs");

    const { server, problems } = await complaintOf(gopls, demo, timed.env);
    const judged = { time: [], go: [], list: [], memory: [] };
    for (let i = 0; i < verdicts; i++) {
      const started = performance.now();
      await run("go", ["list", "-deps", "."], { cwd: demo.workspace, env: demo.env });
      judged.list.push(performance.now() - started);
      await timed.spent();
      const { time, from, memory } = await verdictTime(demo, timed.env, gopls, problems);
      judged.time.push(time);
      judged.memory.push(memory);
      judged.go.push(await timed.spent(from));
    }
    await server.end();
    show("problem shown to verdict", median(judged.time), median(judged.list), "go list -deps of the package");
    console.log(`    of it inside go: ${((100 * median(judged.go)) / median(judged.time)).toFixed(0)} %`);
    console.log(`  resident memory after a verdict: ${median(judged.memory).toFixed(1)} MB`);
  } finally {
    await demo.remove();
    await rm(dir, { recursive: true, force: true });
  }
}

try {
  await bench();
} catch (error) {
  process.exitCode = explain(error);
}
