// npm run package [-- --target linux-x64,universal]: the packages of the extension in out/packages, with their SHA-256 sums. One for each
// platform has the server for it; the universal one has none, and says so.
//
// The same commit gives the same bytes, as long as these stay the same: the releases of Go, Node and esbuild, and whether the tree has changes
// (the server says its commit). Times in a package are those of the commit.

import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { attempt, buildEnvironment, run } from "./command.mjs";
import { packages, root, vsce } from "./layout.mjs";
import { targets } from "./platforms.mjs";
import { explain, Missing, step } from "./progress.mjs";
import { setUpPackager } from "./setup.mjs";
import { copyShipped } from "./shipped.mjs";

const versionVariable = "github.com/gophantom/gophantom/server/internal/report.releaseVersion";

/** Every package that there is. */
export const packageNames = [...targets.map(({ name }) => name), "universal"];

export async function packageVersion() {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")).version;
}

/** Makes the packages of these names. Resolves with their files, and writes SHA256SUMS for them. */
export async function makePackages(names = packageNames) {
  await setUpPackager();
  await step("extension", async () => {
    await run("npm", ["run", "--silent", "build"]);
  });
  const version = await packageVersion();
  const { code, stdout } = await attempt("git", ["log", "-1", "--format=%ct"]).catch(() => ({ code: 1 }));
  const commit = { stamped: code === 0, time: code === 0 ? stdout.trim() : "315532800" }; // 1980: the first that a zip knows
  await mkdir(packages, { recursive: true });
  const made = [];
  for (const name of names) {
    await step(name, async () => {
      const file = join(packages, `gophantom-${name}-${version}.vsix`);
      await makePackage(name, version, commit, file);
      made.push(file);
      return `${((await stat(file)).size / 1e6).toFixed(1)} MB, ${basename(file)}`;
    });
  }
  const sums = await Promise.all(made.map(async (file) => `${await sha256(file)}  ${basename(file)}\n`));
  await writeFile(join(packages, "SHA256SUMS"), sums.join(""));
  return made;
}

async function makePackage(name, version, commit, file) {
  const stage = join(packages, "stage", name);
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
  const args = ["package", ...(target ? ["--target", name] : []), "--no-dependencies", "--out", file];
  await run(process.execPath, [join(vsce, "node_modules", "@vscode", "vsce", "vsce"), ...args], {
    cwd: stage,
    env: { ...process.env, SOURCE_DATE_EPOCH: commit.time, NODE_NO_WARNINGS: "1", NO_UPDATE_NOTIFIER: "1" },
  });
  await rm(stage, { recursive: true });
}

async function buildServer({ goos, goarch }, version, commit, dir) {
  const program = join(dir, goos === "windows" ? "gophantom.exe" : "gophantom");
  const env = { ...buildEnvironment(), GOOS: goos, GOARCH: goarch, CGO_ENABLED: "0", GOAMD64: "v1", GOARM64: "v8.0" };
  const link = `-s -w -buildid= -X ${versionVariable}=v${version}`;
  const args = ["build", "-trimpath", `-buildvcs=${commit.stamped}`, "-ldflags", link, "-o", program];
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
