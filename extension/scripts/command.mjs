// Running other programs.

import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { executableName, root, toolsBin } from "./layout.mjs";

const onWindows = process.platform === "win32";

/**
 * Runs a program to its end and resolves with {code, stdout, stderr}; rejects only when it cannot be started or when
 * timeoutMs passed. With show: true the program writes to our own terminal, with onLine each line goes there as it comes;
 * in both cases the texts stay empty.
 */
export function attempt(program, args, { cwd = root, env = process.env, show = false, onLine, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    // On Windows npm and code are .cmd files, which only a shell can run.
    const shell = onWindows && !program.endsWith(".exe");
    const output = show ? "inherit" : "pipe";
    const child = spawn(program, args, { cwd, env, shell, stdio: ["ignore", output, output] });
    const texts = { stdout: "", stderr: "" };
    for (const name of show ? [] : ["stdout", "stderr"]) {
      if (onLine) {
        createInterface({ input: child[name] }).on("line", onLine);
      } else {
        child[name].setEncoding("utf8").on("data", (chunk) => {
          texts[name] += chunk;
        });
      }
    }
    let late = false;
    const timer =
      timeoutMs &&
      setTimeout(() => {
        late = true;
        child.kill();
      }, timeoutMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (late) {
        reject(new Error(`${program} did not finish within ${timeoutMs / 1000} s`));
      } else {
        resolve({ code: code ?? 1, signal, ...texts });
      }
    });
  });
}

/** As attempt, but an exit code other than 0 is an error that carries what the program printed. Resolves with stdout. */
export async function run(program, args, options) {
  const { code, stdout, stderr } = await attempt(program, args, options);
  if (code !== 0) {
    const lines = `${stdout}${stderr}`.trimEnd().split("\n");
    const shown = lines.length > 60 ? [...lines.slice(0, 30), "…", ...lines.slice(-30)] : lines;
    throw new Error(`${[program, ...args].join(" ")} ended with exit code ${code}\n${shown.join("\n")}`);
  }
  return stdout;
}

/** The absolute path of a program on PATH or in one of the extra directories, which are searched last; undefined if it is nowhere. */
export function find(program, extraDirs = []) {
  const names = onWindows ? [executableName(program), `${program}.cmd`] : [program];
  for (const dir of [...(process.env.PATH ?? "").split(delimiter), ...extraDirs]) {
    for (const name of names) {
      const file = dir && join(dir, name);
      if (file && executable(file)) {
        return file;
      }
    }
  }
  return undefined;
}

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The environment that the user called npm in, without what npm has added. */
export function userEnvironment() {
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(npm_.*|INIT_CWD|NODE|COLOR|PATH)$/i.test(name)) {
      env[name] = value;
    }
  }
  const addedByNpm = /[\\/](node_modules[\\/]\.bin|node-gyp-bin)$/;
  env.PATH = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((dir) => !process.env.npm_execpath || !addedByNpm.test(dir))
    .join(delimiter);
  return env;
}

/**
 * The environment in which this repository is built and tested: the user's own, without what would change the meaning of our go commands.
 * Where modules come from (GOPROXY, GOPRIVATE, …) stays the user's business.
 */
export function buildEnvironment() {
  const env = { ...process.env, PATH: `${process.env.PATH}${delimiter}${toolsBin}` };
  for (const name of ["GOOS", "GOARCH", "GOBIN", "GOEXPERIMENT", "GO111MODULE"]) {
    delete env[name];
  }
  env.GOWORK = "off";
  env.GOFLAGS = "-mod=readonly"; // not empty: an empty GOFLAGS would let the one of the user's GOENV file through
  return env;
}
