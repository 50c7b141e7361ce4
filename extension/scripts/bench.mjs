// npm run bench: what Go Phantom costs. The benchmarks themselves are in server/bench; docs/performance.md says what they mean.

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { buildEnvironment, find, run } from "./command.mjs";
import { executableName, root } from "./layout.mjs";
import { explain, Missing, step } from "./progress.mjs";

/** How often each benchmark runs; every time it takes a figure of ours and its baseline in turn. */
const rounds = { Start: 40, Check: 20, CheckInCI: 20, Verdict: 15, Live: 10, Shell: 20, Route: 20 };

/** No benchmark should come near it: the whole command is to end within two minutes. */
const timeoutMs = 60_000;

async function bench() {
  if (!find("go")) {
    throw new Missing("The go command is not on PATH: install Go 1.26 or later from https://go.dev/dl");
  }
  const dir = await mkdtemp(join(tmpdir(), "gophantom-bench-"));
  const figures = {};
  try {
    const program = join(dir, executableName("bench"));
    await step("building", async () => {
      await run("go", ["test", "-c", "-o", program, "./server/bench"], { env: buildEnvironment() });
    });
    for (const [name, times] of Object.entries(rounds)) {
      await step(`${name.toLowerCase()}, ${times} rounds`, async () => {
        figures[name] = await measure(program, name, times);
      });
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  print(figures);
}

/** Runs one benchmark and resolves with its figures by unit. */
async function measure(program, name, times) {
  const args = ["-test.run=^$", `-test.bench=^Benchmark${name}$`, `-test.benchtime=${times}x`];
  const cwd = join(root, "server", "bench");
  const output = await run(program, args, { cwd, env: buildEnvironment(), timeoutMs });
  const [, line] = new RegExp(`^Benchmark${name}\\S*\\s+\\d+\\s+(.*)$`, "m").exec(output) ?? [];
  if (!line) {
    throw new Error(`The benchmark ${name} printed no figures:\n${output}`);
  }
  return Object.fromEntries([...line.matchAll(/(\S+) (\S+)/g)].map(([, value, unit]) => [unit, Number(value)]));
}

function print({ Start, Check, CheckInCI, Verdict, Live, Shell, Route }) {
  console.log(`
Medians of this run, with the least and the greatest value. ${availableParallelism()} × ${cpus()[0]?.model ?? "CPU"}, ${process.platform}-${process.arch}.
`);
  row("", "ratio", "gophantom", "baseline");
  compare("spawn → initialize answered", Start, "", "ms");
  compare(`check, ${Check.requirements} requirements`, Check, "", "ms");
  compare("the same in CI: nothing downloaded yet", CheckInCI, "", "ms");
  compare("problem shown → verdict published", Verdict, "", "ms");
  compare("memory after initialize", Start, "memory-", "MiB");
  compare("memory after the verdict", Verdict, "memory-", "MiB");
  compare(`file changed → snapshot, ${Live.modules} modules`, Live, "", "ms");
  compare(`memory, watching ${Live.modules} modules`, Live, "memory-", "MiB");
  for (const shell of ["bash", "zsh", "fish"].filter((name) => Shell[`${name}-ratio`])) {
    compare(`asking ${shell} for its environment`, Shell, `${shell}-`, "ms");
  }

  compare(`routes of ${Route.modules} modules`, Route, "", "ms");

  const runsNone = Check["go-commands"] === 0;
  const waiting = (100 * Verdict["debounce-ms"]) / Verdict["ours-ms"];
  console.log(`
Baselines
  spawn, memory   a server that answers initialize and does nothing else
  check           ${runsNone ? "one “go list -m -json all”: check itself runs no go command" : `the ${count(Check["go-commands"])} that it runs, run alone`}
  verdict         one “go list -e -test -deps” of the package, with an empty module cache
  file changed    “gophantom check” of the same workspace, as a whole process
  shell           the same shell with the same arguments running env
  routes          matching the same modules against the same patterns, as go does for each of them

Of the verdict's ${figure(Verdict["ours-ms"])} ms
  ${figure(Verdict["debounce-ms"])} ms (${figure(waiting)} %) pass in waiting whether the editor has more to say; the first go command starts after ${figure(Verdict["before-go-ms"])} ms
  ${figure(Verdict["in-go-ms"])} ms (${figure(Verdict["in-go-%"])} %) pass inside go, in ${count(Verdict["go-commands"])}

A changed file is looked at after ${figure(Live["debounce-ms"])} ms, because tools write several; the figure above is what comes on top of that.
While nothing happened for ${figure(Live["idle-s"])} s, the server was woken up ${Live["idle-wakeups"]} times, the bare server ${Live["idle-baseline-wakeups"]} times.
`);
}

function compare(title, figures, prefix, unit) {
  const range = (name, sign) =>
    `${figure(figures[name])}${sign} (${figure(figures[`${name}-min`])}–${figure(figures[`${name}-max`])})`;
  row(
    title,
    range(`${prefix}ratio`, "×"),
    range(`${prefix}ours-${unit}`, ` ${unit}`),
    range(`${prefix}baseline-${unit}`, ` ${unit}`),
  );
}

function row(title, ...cells) {
  console.log(`  ${[title.padEnd(40), ...cells.map((cell) => cell.padEnd(22))].join("").trimEnd()}`);
}

/** Two digits are as much as these figures are worth. */
function figure(value) {
  return value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

function count(commands) {
  return `${commands} go command${commands === 1 ? "" : "s"}`;
}

try {
  await bench();
} catch (error) {
  process.exitCode = explain(error);
}
