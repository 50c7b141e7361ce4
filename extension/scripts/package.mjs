// npm run package [-- --target linux-x64,universal]: the packages of the extension in out/packages, with their SHA-256 sums. One for each
// platform has the server for it; the universal one has none, and says so.
//
// The same commit gives the same bytes, as long as these stay the same: the releases of Go, Node and esbuild, and whether the tree has changes
// (the server says its commit). Times in a package are those of the commit.

import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { attempt, buildEnvironment, run } from "./command.mjs";
import { packages, root, vsce } from "./layout.mjs";
import { targets } from "./platforms.mjs";
import { explain, Missing, step } from "./progress.mjs";
import { setUpPackager } from "./setup.mjs";
import { copyShipped } from "./shipped.mjs";

const versionPackage = "github.com/gophantom/gophantom/server/internal/report";

/** Every package that there is. */
export const packageNames = [...targets.map(({ name }) => name), "universal"];

export async function packageVersion() {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")).version;
}

/** Makes the packages of these names in a directory. Resolves with their files, and writes SHA256SUMS for them. */
export async function makePackages(names = packageNames, dir = packages) {
  await setUpPackager();
  await step("extension", async () => {
    await run("npm", ["run", "--silent", "build"]);
  });
  const version = await packageVersion();
  const commit = await currentCommit();
  await mkdir(dir, { recursive: true });
  const made = [];
  for (const name of names) {
    await step(name, async () => {
      const file = join(dir, `gophantom-${name}-${version}.vsix`);
      await makePackage(name, version, commit, file);
      made.push(file);
      return `${((await stat(file)).size / 1e6).toFixed(1)} MB, ${basename(file)}`;
    });
  }
  const sums = await Promise.all(made.map(async (file) => `${await sha256(file)}  ${basename(file)}\n`));
  await writeFile(join(dir, "SHA256SUMS"), sums.join(""));
  return made;
}

/** The commit that is packaged: its id, which says if the tree has changes, and its time. Outside of git both are empty. */
async function currentCommit() {
  const git = async (...args) => {
    const { code, stdout } = await attempt("git", args).catch(() => ({ code: 1 }));
    return code === 0 ? stdout.trim() : "";
  };
  const [id, time] = (await git("log", "-1", "--format=%H %ct")).split(" ");
  return { id: (await git("status", "--porcelain")) ? `${id}+changes` : id, time };
}

async function makePackage(name, version, commit, file) {
  const stage = join(dirname(file), "stage", name);
  await rm(stage, { recursive: true, force: true });
  await rm(file, { force: true });
  await copyShipped(stage, { leaveOut: ["bin"] });
  await copyFile(join(root, ".vscodeignore"), join(stage, ".vscodeignore"));
  const target = targets.find((one) => one.name === name);
  if (target) {
    await buildServer(target, version, commit, join(stage, "bin"));
  } else {
    await sayWhatIsMissing(join(stage, "README.md"), version);
  }
  // A zip has times without a zone, and knows none before 1980.
  const time = { SOURCE_DATE_EPOCH: commit.time || "315532800", TZ: "UTC" };
  const args = ["package", ...(target ? ["--target", name] : []), "--no-dependencies", "--out", file];
  await run(process.execPath, [join(vsce, "node_modules", "@vscode", "vsce", "vsce"), ...args], {
    cwd: stage,
    env: { ...process.env, ...time, NODE_NO_WARNINGS: "1", NO_UPDATE_NOTIFIER: "1" },
  });
  await rm(stage, { recursive: true });
}

async function buildServer({ goos, goarch }, version, commit, dir) {
  const program = join(dir, goos === "windows" ? "gophantom.exe" : "gophantom");
  const env = { ...buildEnvironment(), GOOS: goos, GOARCH: goarch, CGO_ENABLED: "0", GOAMD64: "v1", GOARM64: "v8.0" };
  const facts = { releaseVersion: `v${version}`, releaseCommit: commit.id };
  const link = ["-s", "-w", ...Object.entries(facts).map(([name, value]) => `-X=${versionPackage}.${name}=${value}`)];
  const args = ["build", "-trimpath", "-buildvcs=false", `-ldflags=${link.join(" ")}`, "-o", program];
  await run("go", [...args, "./server/cmd/gophantom"], { env });
  await chmod(program, 0o755); // whatever the umask
}

async function sayWhatIsMissing(readme, version) {
  const note = `> **This is the universal package: it has no server program in it.** Choose the package of your platform where you can. With this one, run
> \`go install github.com/gophantom/gophantom/server/cmd/gophantom@v${version}\`, or let the setting \`gophantom.server.path\` name a \`gophantom\` program.

`;
  await writeFile(readme, note + (await readFile(readme, "utf8")));
}

async function sha256(file) {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({ options: { target: { type: "string", default: packageNames.join(",") } } });
    const names = values.target.split(",");
    const unknown = names.filter((name) => !packageNames.includes(name));
    if (unknown.length > 0) {
      throw new Missing(`--target takes ${packageNames.join(", ")}, not ${unknown.join(", ")}`);
    }
    await makePackages(names);
    console.log(`\n  In ${packages}, with SHA256SUMS.`);
  } catch (error) {
    process.exitCode = explain(error);
  }
}
