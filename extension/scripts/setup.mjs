// Brings everything into place that `npm start` and `npm test` need. Each part can be run again at any time: what is in place already
// is left alone. Run by itself (`node extension/scripts/setup.mjs`) it sets up all of it.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { attempt, buildEnvironment, find, run } from "./command.mjs";
import {
  e2e,
  executableName,
  root,
  sidecar,
  standIn,
  toolsBin,
  toolsGopls,
  vsce,
  vscodeNode,
  vscodeServer,
  wine,
} from "./layout.mjs";
import { explain, Missing, step } from "./progress.mjs";

const goplsVersion = "v0.23.0";
/** Older gopls that the corpus of phantoms is played with, and the Gos that they are built with: newer ones cannot build them. */
const olderGopls = { "v0.16.2": "go1.22.12", "v0.18.1": "go1.24.6", "v0.20.0": "go1.25.8" };
/** Other Gos than the installed one, that scenarios of the corpus build with. `toolchains` in corpus_live_test.go names the same. */
const otherGos = ["go1.25.8", "go1.27.4"];
const prometheusVersion = "v0.316.0";
const linters = {
  staticcheck: "honnef.co/go/tools/cmd/staticcheck@v0.8.2",
  gofumpt: "mvdan.cc/gofumpt@v0.12.0",
};

/** npm packages, the extension's bundle, the sidecar and the stand-in for golang.go. */
export async function setUpBuild() {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new Missing(`Node ${process.versions.node} is too old: install Node 20 or later from https://nodejs.org`);
  }
  if (!find("go")) {
    throw new Missing(
      "The go command is not on PATH: install Go 1.26 or later from https://go.dev/dl and open a new terminal",
    );
  }
  await step("npm packages", () =>
    once(join(root, "node_modules"), [join(root, "package-lock.json")], () => npmCi(root)),
  );
  await step("extension", async () => {
    await run("npm", ["run", "--silent", "build"]);
  });
  await step("sidecar", buildSidecar);
  await step("stand-in for golang.go", bundleStandIn);
}

async function buildSidecar() {
  // Without a usable git work tree (a source archive, another user's checkout) the go command would refuse to stamp the commit.
  const git = await attempt("git", ["rev-parse", "HEAD"]).catch(() => ({ code: 1 }));
  const args = ["build", "-trimpath", `-buildvcs=${git.code === 0}`, "-o", sidecar, "./server/cmd/gophantom"];
  await run("go", args, { env: { ...buildEnvironment(), CGO_ENABLED: "0" } });
}

/** testdata/go-extension with its dependency in one file, as an extension directory of its own. */
async function bundleStandIn() {
  const source = join(root, "testdata", "go-extension");
  const { build } = createRequire(join(root, "package.json"))("esbuild");
  await build({
    entryPoints: [join(source, "extension.js")],
    outfile: join(standIn, "extension.js"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    mainFields: ["main"],
    logLevel: "error",
  });
  await copyFile(join(source, "package.json"), join(standIn, "package.json"));
}

/** Resolves with the path of gopls: the user's own if there is one, else one in .tools/bin. */
export async function setUpGopls() {
  let gopls;
  await step("gopls", async () => {
    const places = JSON.parse(await run("go", ["env", "-json", "GOBIN", "GOPATH"]));
    const bins = places.GOPATH.split(delimiter).map((dir) => join(dir, "bin"));
    gopls = find("gopls", [places.GOBIN, ...bins, toolsBin]);
    if (gopls) {
      return gopls;
    }
    gopls = await goInstall("gopls", `golang.org/x/tools/gopls@${goplsVersion}`);
    return `installed ${goplsVersion}`;
  });
  return gopls;
}

/** The older gopls in .tools/gopls/<version>, and the other Gos in the module cache, where the go command puts toolchains. */
export async function setUpCorpus() {
  for (const release of otherGos) {
    await step(release, async () => {
      const { code, stderr } = await attempt("go", ["version"], {
        env: { ...buildEnvironment(), GOTOOLCHAIN: release },
      });
      if (code !== 0) {
        const reason = stderr.trim().split("\n").at(-1);
        throw new Missing(
          `${release} could not be fetched (${reason}): get it with "GOTOOLCHAIN=${release} go version"`,
        );
      }
    });
  }
  for (const [version, release] of Object.entries(olderGopls)) {
    await step(`gopls ${version}`, async () => {
      await goInstall("gopls", `golang.org/x/tools/gopls@${version}`, join(toolsGopls, version), release);
    });
  }
}

/** Prometheus and promtool in .tools/bin: what the fleet sends is taken by the real one. It is large: building takes minutes. */
export async function setUpPrometheus() {
  for (const name of ["prometheus", "promtool"]) {
    await step(name, async () => {
      await goInstall(name, `github.com/prometheus/prometheus/cmd/${name}@${prometheusVersion}`);
    });
  }
}

/** staticcheck and gofumpt in .tools/bin; resolves with their paths by name. */
export async function setUpLinters() {
  const paths = {};
  for (const [name, module] of Object.entries(linters)) {
    await step(name, async () => {
      paths[name] = await goInstall(name, module);
    });
  }
  return paths;
}

/** Installs a Go program unless this very version is there, built with this very Go if one is named. */
async function goInstall(name, target, dir = toolsBin, release = undefined) {
  const file = join(dir, executableName(name));
  const version = target.slice(target.lastIndexOf("@") + 1);
  const present = await attempt("go", ["version", "-m", file]);
  const words = present.stdout.split(/\s+/);
  if (present.code !== 0 || !words.includes(version) || (release && !words.includes(release))) {
    const env = { ...buildEnvironment(), GOBIN: dir };
    if (release) {
      env.GOTOOLCHAIN = release;
    }
    const installed = await attempt("go", ["install", target], { env });
    if (installed.code !== 0) {
      const reason = installed.stderr.trim().split("\n").at(-1);
      const command = `${release ? `GOTOOLCHAIN=${release} ` : ""}go install ${target}`;
      throw new Missing(`${name} could not be installed (${reason}): get it with "${command}"`);
    }
  }
  return file;
}

/** The browser-served VS Code and the driver of the browser, in extension/test/e2e. */
export async function setUpWorkbench() {
  await step("browser-served VS Code", async () => {
    if (process.platform !== "linux" || process.arch !== "x64") {
      throw new Missing(
        `The browser-served VS Code of this repository runs on linux-x64 only (this is ${process.platform}-${process.arch}): install the desktop VS Code and its "code" command`,
      );
    }
    const shim = fileURLToPath(new URL("spdlog.cjs", import.meta.url));
    const inputs = [join(e2e, "package-lock.json"), shim, fileURLToPath(import.meta.url)];
    return once(join(e2e, "node_modules"), inputs, async () => {
      await npmCi(e2e, ["--ignore-scripts"]);
      // VS Code's own packages come by the list that code-server ships. Its optional ones are large and not needed here.
      const args = ["--ignore-scripts", "--omit=dev", "--omit=optional", "--legacy-peer-deps"];
      await npmCi(vscodeServer, args, {
        ...process.env,
        PATH: `${dirname(vscodeNode)}${delimiter}${process.env.PATH}`,
      });
      await copyFile(shim, join(vscodeServer, "node_modules", "@vscode", "spdlog", "index.js"));
    });
  });
}

/** The packager of VS Code extensions. */
export async function setUpPackager() {
  await step("packager", () =>
    once(join(vsce, "node_modules"), [join(vsce, "package-lock.json")], () => npmCi(vsce, ["--omit=optional"])),
  );
}

/** Resolves with the path of a Chromium that starts. */
export async function setUpBrowser() {
  let browser;
  await step("Chromium", async () => {
    const candidates = () => [
      process.env.CHROME_PATH,
      ...["chromium", "chromium-browser", "google-chrome"].map((name) => find(name)),
    ];
    browser = await firstThatStarts(candidates());
    if (!browser) {
      await debianPackages("chromium");
      browser = await firstThatStarts(candidates());
    }
    if (!browser) {
      throw new Missing(
        "No Chromium that starts: install it (Debian: apt-get install chromium) or set CHROME_PATH to a Chrome",
      );
    }
    return browser;
  });
  return browser;
}

async function firstThatStarts(browsers) {
  for (const browser of browsers) {
    if (browser) {
      const { code } = await attempt(browser, ["--version"], { timeoutMs: 30_000 }).catch(() => ({ code: 1 }));
      if (code === 0) {
        return browser;
      }
    }
  }
  return undefined;
}

/** The shells whose start-up the live tests read, and direnv, which changes their environment by the directory. */
export async function setUpShells() {
  for (const program of ["zsh", "fish", "direnv"]) {
    await debianProgram(program);
  }
}

/** The editor that docs/editors/gophantom.lua is tested in. */
export async function setUpNeovim() {
  await debianProgram("nvim", "neovim");
}

/** A program on PATH, from the Debian package of the name unless it is there. */
async function debianProgram(program, name = program) {
  await step(name, async () => {
    if (!find(program)) {
      await debianPackages(name);
    }
    if (!find(program)) {
      throw new Missing(`${program} is not on PATH: install it (Debian: apt-get install ${name})`);
    }
  });
}

/**
 * Wine in a prefix of its own, for the Windows builds of our tests (docs/adr/0011). Resolves with {program, env, overlay}: how to run a
 * program in it, and the file for Go's -overlay. Missing means that Wine is not here and cannot be installed.
 */
export async function setUpWine() {
  const compiler = "x86_64-w64-mingw32-gcc";
  const prefix = join(wine, "prefix");
  const overlay = join(wine, "overlay.json");
  const env = {
    ...buildEnvironment(),
    WINEPREFIX: prefix,
    WINEARCH: "win64",
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=", // neither .NET nor a browser: Wine would ask whether to download them
  };
  let program;
  await step("Wine", async () => {
    if (process.platform !== "linux" || process.arch !== "x64") {
      throw new Missing(`Windows tests run in Wine on linux-x64 only (this is ${process.platform}-${process.arch})`);
    }
    const packages = ["wine", "wine64", "gcc-mingw-w64-x86-64-win32"];
    const installed = () => find("wine") && find("wineboot") && find("wineserver") && find(compiler);
    if (!installed()) {
      await debianPackages(...packages);
    }
    if (!installed()) {
      throw new Missing(`Wine is not complete on PATH: install it (Debian: apt-get install ${packages.join(" ")})`);
    }
    program = find("wine");
    await overlayForWine(overlay);
    const source = join(root, "testdata", "wine", "bcryptprimitives.c");
    return once(wine, [source, fileURLToPath(import.meta.url)], async () => {
      const library = join(wine, "bcryptprimitives.dll");
      await run(compiler, ["-shared", "-s", "-o", library, source, "-ladvapi32"]);
      await bootWine(prefix, env);
      await copyFile(library, join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll"));
    });
  });
  return { program, env, overlay };
}

/** Makes the prefix anew. A boot now and then leaves one without its system files, so more than one is tried before Wine counts as missing. */
async function bootWine(prefix, env) {
  for (let attempts = 3; ; attempts--) {
    await rm(prefix, { recursive: true, force: true });
    await mkdir(prefix, { recursive: true });
    let reason;
    try {
      const boot = await attempt("wineboot", ["--init"], { env, timeoutMs: 120_000 });
      await run("wineserver", ["--wait"], { env, timeoutMs: 120_000 });
      const works = await attempt("wine", ["cmd", "/c", "ver"], { env, timeoutMs: 60_000 });
      if (works.code === 0) {
        return;
      }
      reason = `${boot.stderr}${works.stderr}`.trim().split("\n").at(-1);
    } catch (error) {
      reason = error.message; // a boot that hangs
    }
    await attempt("wineserver", ["--kill"], { env }); // of our prefix only
    if (attempts === 1) {
      throw new Missing(
        `Wine is installed but does not boot here (${reason}): try "WINEPREFIX=${prefix} wineboot --init"`,
      );
    }
  }
}

/**
 * Go deletes files on Windows in a way that Wine 8 refuses with an error that Go does not expect. Go's own tests have a switch for the
 * older way; in what is built for Wine it is on.
 */
async function overlayForWine(file) {
  const goroot = (await run("go", ["env", "GOROOT"])).trim();
  const original = join(goroot, "src", "internal", "syscall", "windows", "at_windows.go");
  const off = "var TestDeleteatFallback bool\n";
  const source = await readFile(original, "utf8");
  if (!source.includes(off)) {
    throw new Error(`${original} does not have "${off.trim()}" any more: see docs/adr/0011-windows-under-wine.md`);
  }
  const changed = join(wine, "at_windows.go");
  await mkdir(wine, { recursive: true });
  await writeFile(changed, source.replace(off, "var TestDeleteatFallback = true\n"));
  await writeFile(file, JSON.stringify({ Replace: { [original]: changed } }));
}

/** The C compiler that Go's race detector needs. */
export async function setUpRaceDetector() {
  await step("C compiler for the race detector", async () => {
    const works = async () => (await run("go", ["env", "CGO_ENABLED"], { env: buildEnvironment() })).trim() === "1";
    if (!(await works())) {
      await debianPackages("gcc", "libc6-dev");
    }
    if (!(await works())) {
      throw new Missing("Go's race detector needs a C compiler: install gcc (Debian: apt-get install gcc libc6-dev)");
    }
  });
}

/** Installs Debian packages where that is possible without asking anyone, else does nothing. */
async function debianPackages(...names) {
  if (process.getuid?.() !== 0 || !find("apt-get")) {
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = () => attempt("apt-get", ["install", "-y", "--no-install-recommends", ...names], { env });
  if ((await install()).code !== 0) {
    await attempt("apt-get", ["update"], { env });
    await install();
  }
}

async function npmCi(cwd, flags = [], env = process.env) {
  await run("npm", ["ci", "--no-audit", "--no-fund", ...flags], { cwd, env });
}

/** Does the work unless the stamp in dir says that it was done for the same inputs. */
async function once(dir, inputs, work) {
  const hash = createHash("sha256");
  for (const input of inputs) {
    hash.update(await readFile(input));
  }
  const want = hash.digest("hex");
  const stamp = join(dir, ".gophantom-stamp");
  if ((await readFile(stamp, "utf8").catch(() => "")) === want) {
    return "up to date";
  }
  await rm(stamp, { force: true });
  await work();
  await mkdir(dir, { recursive: true });
  await writeFile(stamp, want);
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await setUpBuild();
    await setUpGopls();
    await setUpCorpus();
    await setUpPrometheus();
    await setUpLinters();
    await setUpRaceDetector();
    await setUpShells();
    await setUpNeovim();
    await setUpWine();
    await setUpWorkbench();
    await setUpBrowser();
  } catch (error) {
    process.exitCode = explain(error);
  }
}
