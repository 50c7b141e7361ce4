// The platforms that we ship for, as far as this machine can judge them.

import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix, sep } from "node:path";
import { attempt, buildEnvironment } from "./command.mjs";
import { root } from "./layout.mjs";
import { seconds } from "./progress.mjs";

/** Each as VS Code calls it (name) and as Go does. */
export const targets = ["linux", "darwin", "windows"].flatMap((goos) =>
  ["amd64", "arm64"].map((goarch) => ({
    name: `${goos === "windows" ? "win32" : goos}-${goarch === "amd64" ? "x64" : goarch}`,
    goos,
    goarch,
  })),
);

/** Vets everything and builds the server for every target, two at a time. Resolves with the counts. */
export async function everyTarget() {
  const counts = { passed: 0, failed: 0 };
  const queue = [...targets];
  const worker = async () => {
    for (let target = queue.shift(); target; target = queue.shift()) {
      const started = performance.now();
      const text = await judge(target);
      console.log(`  ${text ? "✗" : "ok"} ${target.goos}/${target.goarch} ${seconds(performance.now() - started)}`);
      if (text) {
        console.log(text);
      }
      counts[text ? "failed" : "passed"]++;
    }
  };
  await Promise.all([worker(), worker()]);
  return counts;
}

/** What is wrong with a target; "" if nothing is. */
async function judge({ goos, goarch }) {
  const env = { ...buildEnvironment(), GOOS: goos, GOARCH: goarch, CGO_ENABLED: "0" };
  const output = join(root, "out", "targets", `${goos}-${goarch}`, "gophantom"); // kept: what is up to date is not linked again
  const commands = [
    ["vet", "./..."],
    ["build", "-buildvcs=false", "-o", output, "./server/cmd/gophantom"],
  ];
  for (const args of commands) {
    const { code, stdout, stderr } = await attempt("go", args, { env });
    if (code !== 0) {
      return `${stdout}${stderr}`.trim() || `go ${args.join(" ")} ended with exit code ${code}`;
    }
  }
  return "";
}

/** Packages with tests that do not run under Wine, with the reason. */
const packagesWithoutWine = {
  "server/bench": "measures, and needs a go command for Windows",
  "server/internal": "judges the sources, and needs a go command for Windows",
  "server/internal/engine": "needs a go command for Windows",
  "server/internal/headless": "needs a gopls for Windows, and its fake one names files as Unix does",
  "server/internal/verify": "needs a go command for Windows",
};

/** Tests that do not run under Wine, by package, as regular expressions with the reason. */
const testsWithoutWine = {
  "server/internal/cli": {
    TestTranscripts: "needs a go command for Windows",
    TestDocumentedCommands: "needs a go command for Windows",
    TestWithoutAGoNothingIsHealthy: "needs a go command for Windows, to hide it",
    TestWatchPrintsWhatChanges: "Wine 8 tells changes of files late, twice or not at all",
    TestNothingHostileIsShown: "makes file names that Windows does not have",
    TestExitCodesOfVerdicts: "a machine with paths of Unix",
    "TestTrace(IsFaithful|NamesWhatHangs|PassesTheInterruptOn)": "needs a go command for Windows",
    TestTraceFollows: "Wine 8 tells changes of files late, twice or not at all",
  },
  "server/internal/logs": {
    TestFind: "a machine with paths of Unix",
    TestFollow: "Wine 8 tells changes of files late, twice or not at all",
  },
  "server/internal/lsp": {
    "Test(Neovim|PlainNeovim|ConfigurationOfNeovim)": "needs Neovim, gopls and a go command for Windows",
  },
  "server/internal/observe": {
    TestHostLive: "needs a go command for Windows",
    TestTools: "a machine with paths of Unix",
    "Test(DebugEnvs|DebugEnvFaults|TestEnv|ToolsBeforeTheExtensionStarts|InferredGopath|TerminalEnv)":
      "a machine with paths of Unix",
    "Test(ForwarderAndDaemon|DaemonAtAnAddress|RunningGopls|WatchList|WatchListNamesWhatIsMissing|Worktree|ThousandModules)":
      "a machine with paths of Unix",
    "Test(NetrcsAndPrograms|GoIsToldFromAnother|Places|WhereGoplsHasItFrom|ContractInForce)":
      "a machine with paths of Unix",
  },
  "server/internal/fix": {
    TestSetVariable: "a machine with paths of Unix",
    "Test(OpenModule|UndoRemovesTheFolderThatTheCureMade|WorkUse|WorkInit|WorkUseIsRefused)":
      "a machine with paths of Unix",
  },
  "server/internal/route": {
    TestReplacementDirectoryIsMissing: "a machine with paths of Unix",
  },
  "server/internal/rules": {
    TestSetUps: "machines with paths of Unix",
  },
  "server/internal/report": {
    TestWhatAPersonNeedsToKnow: "a machine with a home directory of Unix",
  },
  "server/internal/shell": {
    TestRegisteredEnvironment: "a machine with paths of Unix",
    TestCaptureShellChoosesTheShell: "a machine with shells in /bin, which Windows does not have",
    TestCaptureShellStartsWhereTheEditorDid: "a machine with shells in /bin, which Windows does not have",
    TestCaptureShellIsInterrupted: "a machine with shells in /bin, which Windows does not have",
  },
  "server/internal/world": {
    TestStalledFileSystem: "Wine 8 has no symbolic links",
    TestAppendPrivate: "Wine 8 lets writers at the end of one file overwrite each other",
    TestReplaceFileKeepsModeAndSymlinks: "Wine 8 has neither modes nor symbolic links",
    "TestWatch(AfterLostNotes|Coalesces|DoesNotWaitForAStalledFileSystem|EntriesOfADirectory|File|PollsNetworks)":
      "Wine 8 tells changes of files late, twice or not at all",
    "TestWatch(RenamedDirectoryUnderBothNames|Set|Soak|ThroughSymlinks|WhatDoesNotExistYet)":
      "Wine 8 tells changes of files late, twice or not at all",
  },
};

/**
 * What runs under Wine: {packages, skip, reasons} with the arguments for the go command and a line for each thing that does not run. A
 * reason for what does not exist is an error: nobody would miss the test that it hid.
 */
export async function testsUnderWine() {
  const found = new Map(); // package → names of its tests
  for (const file of await readdir(join(root, "server"), { recursive: true })) {
    if (file.endsWith("_test.go") && !file.split(sep).includes("testdata")) {
      const name = posix.join("server", dirname(file).replaceAll(sep, "/"));
      const text = await readFile(join(root, "server", file), "utf8");
      const tests = [...text.matchAll(/^func (Test\w+)\(/gm)].map(([, test]) => test);
      found.set(name, [...(found.get(name) ?? []), ...tests]);
    }
  }
  const reasons = [];
  for (const [name, reason] of Object.entries(packagesWithoutWine)) {
    if (!found.delete(name)) {
      throw new Error(`platforms.mjs keeps ${name} from Wine, which has no tests`);
    }
    reasons.push(`${name}: ${reason}`);
  }
  const skip = [];
  for (const [name, tests] of Object.entries(testsWithoutWine)) {
    for (const [test, reason] of Object.entries(tests)) {
      const fits = (other) => new RegExp(`^${test}$`).test(other);
      if (!found.get(name)?.some(fits)) {
        throw new Error(`platforms.mjs keeps ${name} ${test} from Wine, which does not exist`);
      }
      const others = [...found].filter(([other, tests]) => other !== name && tests.some(fits));
      if (others.length > 0) {
        throw new Error(`platforms.mjs keeps ${test} from Wine, which ${others[0][0]} has as well`);
      }
      skip.push(test);
      reasons.push(`${name} ${test}: ${reason}`);
    }
  }
  return { packages: [...found.keys()].sort().map((name) => `./${name}`), skip: `^(${skip.join("|")})$`, reasons };
}
