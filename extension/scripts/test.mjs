// npm test [-- --only go,unit,e2e]: everything that judges this repository. The last line is always "N passed, N failed".

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { attempt, buildEnvironment } from "./command.mjs";
import { e2e, screenshots, vscodeNode } from "./layout.mjs";
import { everyTarget, testsUnderWine } from "./platforms.mjs";
import { Missing, seconds } from "./progress.mjs";
import * as setup from "./setup.mjs";

/** Where a tool may not be missing: a test that was skipped there would never run. */
const strict = Boolean(process.env.CI);

/** What the set-up found: paths of tools by name, and whether the race detector works. */
const tools = {};

const setUps = {
  async go() {
    Object.assign(tools, await setup.setUpLinters());
    await optional(async () => {
      await setup.setUpRaceDetector();
      tools.race = true;
    });
    await optional(setup.setUpShells);
    await optional(setup.setUpNeovim);
    await optional(setup.setUpCorpus);
    await optional(setup.setUpPrometheus);
    try {
      tools.wine = await setup.setUpWine();
    } catch (error) {
      // Also in CI: a machine without Wine can judge everything but this.
      if (!(error instanceof Missing)) {
        throw error;
      }
      console.log(`    ${error.message}`);
    }
  },
  async unit() {},
  async e2e() {
    await optional(async () => {
      await setup.setUpWorkbench();
      tools.chromium = await setup.setUpBrowser();
    });
  },
};

const stages = [
  { group: "go", title: "go vet", run: () => lint("go", ["vet", "./..."]) },
  { group: "go", title: "staticcheck", run: () => lint(tools.staticcheck, ["./..."]) },
  { group: "go", title: "gofumpt", run: () => lint(tools.gofumpt, ["-l", "server"], { silent: true }) },
  { group: "go", title: "generated files", run: () => lint("go", ["run", "./server/cmd/generate", "-check"]) },
  { group: "unit", title: "biome", run: () => lint("npm", ["run", "--silent", "lint"]) },
  { group: "unit", title: "types", run: () => lint("npm", ["run", "--silent", "check"]) },
  { group: "unit", title: "TypeScript unit tests", run: () => nodeTests("npm", ["run", "--silent", "test:unit"]) },
  { group: "go", title: "six targets", run: everyTarget },
  {
    group: "go",
    title: "Go tests, replayed and live",
    run: () => goTests(tools.race ? ["-race"] : [], ["./..."]),
  },
  { group: "go", title: "Windows unit tests under Wine", run: windowsTests },
  { group: "e2e", title: "end-to-end tests in VS Code", run: endToEnd },
];

const total = { passed: 0, failed: 0, skipped: 0 };

/** Runs the stages of these groups up to the first that fails, and counts into total. */
async function main(groups) {
  heading("set-up");
  await setup.setUpBuild();
  tools.gopls = await setup.setUpGopls();
  for (const group of groups) {
    await setUps[group]();
  }
  for (const { group, title, run } of stages) {
    if (!groups.includes(group)) {
      continue;
    }
    heading(title);
    const started = performance.now();
    const { passed = 0, failed = 0, skipped = 0 } = await run();
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    const counts = passed + failed + skipped > 0 ? `, ${passed} passed, ${failed} failed, ${skipped} skipped` : "";
    console.log(`  ${failed > 0 ? "✗" : "✓"} ${title}: ${seconds(performance.now() - started)}${counts}`);
    if (failed > 0) {
      console.log(`\nThe stage "${title}" failed; the stages after it did not run.`);
      return;
    }
  }
  if (total.skipped > 0) {
    console.log(`\n${total.skipped} skipped: the reasons stand above.`);
  }
}

function heading(title) {
  console.log(`\n── ${title} ${"─".repeat(Math.max(0, 76 - title.length))}`);
}

/** Lets a missing tool pass outside CI, with its one line. */
async function optional(setUp) {
  try {
    await setUp();
  } catch (error) {
    if (strict || !(error instanceof Missing)) {
      throw error;
    }
    console.log(`    ${error.message}`);
  }
}

/** A check that passes by exit code 0 and, if silent, by printing nothing. */
async function lint(program, args, { silent = false } = {}) {
  const { code, stdout, stderr } = await attempt(program, args, { env: buildEnvironment() });
  const text = `${stdout}${stderr}`.trim();
  const good = code === 0 && !(silent && text);
  if (!good && text) {
    console.log(text);
  }
  return { failed: good ? 0 : 1 };
}

async function endToEnd() {
  if (!tools.chromium) {
    console.log("  not run: the browser-served VS Code or Chromium is missing, see the set-up above");
    return { skipped: 1 };
  }
  const env = { ...buildEnvironment(), CHROME_PATH: tools.chromium, GOPHANTOM_E2E_GOPLS: tools.gopls };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of (await readdir(e2e)).filter((name) => name.endsWith(".test.mjs")).sort()) {
    const play = () => nodeTests(vscodeNode, ["--test", "--test-force-exit", join(e2e, file)], env);
    let found = await play();
    if (found.failed > 0) {
      console.log(`  ⚠ ${file} failed: once more, since a workbench on a busy machine can be late`);
      found = await play();
      if (found.failed === 0) {
        console.log(`  ⚠ FLAKY: ${file} passed at the second try`);
      }
    }
    for (const [name, count] of Object.entries(found)) {
      counts[name] += count;
    }
  }
  console.log(`  pictures and logs: ${screenshots}`);
  return counts;
}

/** Runs tests of node:test and takes the counts from the end of what they print. */
async function nodeTests(program, args, env = buildEnvironment()) {
  const counts = {};
  const { code } = await attempt(program, args, {
    env,
    onLine(line) {
      const [, name, number] = /^(?:#|ℹ) (\w+) ([\d.]+)$/.exec(line) ?? [];
      if (name) {
        counts[name] = Number(number);
      } else {
        console.log(`  ${line}`);
      }
    },
  });
  const { pass = 0, fail = 0, cancelled = 0, skipped = 0 } = counts;
  return { passed: pass, failed: Math.max(fail + cancelled, code === 0 ? 0 : 1), skipped };
}

/** Runs the Windows builds of the Go tests, as far as Wine is a Windows. */
async function windowsTests() {
  if (process.platform === "win32") {
    console.log("  not needed: the Go tests above ran on Windows itself");
    return {};
  }
  if (!tools.wine) {
    console.log(
      "  NOT RUN: nothing here is known to work on Windows but that it compiles. Wine is missing, see the set-up above",
    );
    return { skipped: 1 };
  }
  const { packages, skip, reasons } = await testsUnderWine();
  const { program, overlay } = tools.wine;
  // CI would make tests fail that find no tools, and Wine has none.
  const { CI, ...env } = { ...tools.wine.env, GOOS: "windows", GOARCH: "amd64", CGO_ENABLED: "0" };
  // A program that waits keeps Wine's services running: those that a test starts would hold the output of that test open.
  const waiting = spawn(program, ["cmd"], { env, stdio: ["pipe", "ignore", "ignore"] });
  await once(spawn(program, ["cmd", "/c", "ver"], { env, stdio: "ignore" }), "exit");
  const counts = await goTests(["-timeout", "3m", "-overlay", overlay, "-exec", program, "-skip", skip], packages, env);
  waiting.stdin.end();
  await attempt("wineserver", ["--kill"], { env }); // of our prefix only
  for (const reason of reasons) {
    console.log(`  not under Wine: ${reason}`);
  }
  return { ...counts, skipped: counts.skipped + reasons.length };
}

/**
 * Runs the Go tests of packages and counts those that have no subtests of their own. What failed while the packages shared the machine is run
 * once more without the others, and is said to be flaky when it passes then.
 */
async function goTests(args, packages, env = buildEnvironment()) {
  const counts = await goTestRun([...args, ...packages], env);
  for (const [unit, names] of counts.failedTests) {
    console.log(`  ⚠ ${unit} failed: ${names.join(", ")} once more, alone`);
    const again = await goTestRun([...args, "-count=1", "-run", `^(${names.join("|")})$`, unit], env);
    if (again.failed === 0) {
      console.log(`  ⚠ FLAKY: ${unit} ${names.join(", ")} passed at the second try`);
      counts.failed -= counts.failuresOf(unit);
      counts.passed += counts.failuresOf(unit);
    }
  }
  const { passed, failed, skipped } = counts;
  return { passed, failed, skipped };
}

/**
 * One run of go test. Beside the counts it has failedTests, the top-level tests that failed by package, without packages that did not compile
 * or died, and failuresOf(package), what the failures of one add to failed.
 */
async function goTestRun(args, env) {
  const results = new Map(); // "package test" → pass, fail or skip
  const parents = new Set();
  const outputs = new Map();
  const failedPackages = new Set();
  const take = (line) => {
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      console.log(`  ${line}`); // of the go command itself
      return;
    }
    const { Action: action, Test: name, Output: text, Elapsed: elapsed } = event;
    const unit = event.Package ?? event.ImportPath;
    const key = name ? `${unit} ${name}` : unit;
    switch (action) {
      case "run":
        for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
          parents.add(`${unit} ${name.slice(0, end)}`);
        }
        break;
      case "output":
      case "build-output":
        outputs.set(key, (outputs.get(key) ?? "") + text);
        break;
      case "pass":
      case "fail":
      case "skip":
      case "build-fail":
        if (action !== "pass" && (name || action !== "skip")) {
          process.stdout.write(outputs.get(key) ?? "");
        }
        outputs.delete(key);
        if (name) {
          results.set(key, action);
        } else if (action === "pass") {
          console.log(`  ok ${unit} ${seconds(elapsed * 1000)}`);
        } else if (action === "fail") {
          failedPackages.add(unit);
        }
    }
  };
  // The packages share the machine, and some of them run real editors' worth of commands: go's own limit of ten minutes is for quicker ones.
  const { code } = await attempt("go", ["test", "-json", "-timeout=40m", ...args], { env, onLine: take });

  const below = (key, found) => [...results].some(([other, result]) => result === found && other.startsWith(key));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const field = { pass: "passed", fail: "failed", skip: "skipped" };
  const counted = [...results].filter(
    ([key, result]) => !parents.has(key) || (result === "fail" && !below(`${key}/`, "fail")),
  );
  for (const [, result] of counted) {
    counts[field[result]]++;
  }
  const dead = [...failedPackages].filter((unit) => !below(`${unit} `, "fail")); // did not compile, or died
  counts.failed = Math.max(counts.failed + dead.length, code === 0 ? 0 : 1);

  const failedTests = new Map();
  for (const [key, result] of results) {
    const [unit, name] = key.split(" ");
    if (result === "fail" && !name.includes("/")) {
      failedTests.set(unit, [...(failedTests.get(unit) ?? []), name]);
    }
  }
  const failuresOf = (unit) =>
    counted.filter(([key, result]) => result === "fail" && key.startsWith(`${unit} `)).length;
  return { ...counts, failedTests, failuresOf };
}

try {
  const { values } = parseArgs({ options: { only: { type: "string", default: Object.keys(setUps).join(",") } } });
  const groups = values.only.split(",");
  const unknown = groups.filter((group) => !(group in setUps));
  if (unknown.length > 0) {
    throw new Missing(`--only takes ${Object.keys(setUps).join(", ")}, not ${unknown.join(", ")}`);
  }
  await main(groups);
} catch (error) {
  total.failed++;
  console.log(`\n${error instanceof Missing ? error.message : error.stack}`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
