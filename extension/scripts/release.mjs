// npm run release: everything for a release but publishing it, which a person does with the commands that this prints at the end.

import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { attempt, run } from "./command.mjs";
import { executableName, packages, root } from "./layout.mjs";
import { makePackages, packageVersion } from "./package.mjs";
import { explain, Missing, step } from "./progress.mjs";
import { readPackage } from "./vsix.mjs";

/** The notes of a version in a changelog: its section. Missing if there is none yet, or if it is still open. */
export function notesOf(changelog, version) {
  for (const section of changelog.split(/^## /m).slice(1)) {
    const [heading, ...lines] = section.split("\n");
    const [, found, date] = /^(\S+)(?: \((.*)\))?$/.exec(heading) ?? [];
    if (found !== version) {
      continue;
    }
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) {
      throw new Missing(`CHANGELOG.md says "## ${heading}": give it the date, as in "## ${version} (2026-12-01)"`);
    }
    return lines.join("\n").trim();
  }
  throw new Missing(`CHANGELOG.md has no "## ${version} (…)": write what is new, or raise the version in package.json`);
}

/** Whether a version, "1.2.3", comes after another. */
export function isAfter(version, other) {
  const [a, b] = [version, other].map((text) => text.split(".").map(Number));
  const at = a.findIndex((number, i) => number !== b[i]);
  return at >= 0 && a[at] > b[at];
}

async function release() {
  const version = await packageVersion();
  let notes;
  await step("clean tree", async () => {
    const changes = (await run("git", ["status", "--porcelain"])).trimEnd();
    if (changes) {
      throw new Missing(`A release is a commit, but these files have changes: commit or remove them.\n${changes}`);
    }
  });
  await step("version", async () => {
    const tags = (await run("git", ["tag", "--list", "v*"])).split("\n").filter((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
    const newer = tags.find((tag) => !isAfter(version, tag.slice(1)));
    if (newer) {
      throw new Missing(`${newer} is released: raise the version in package.json above it, and in package-lock.json`);
    }
    const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
    if (lock.version !== version || lock.packages[""].version !== version) {
      throw new Missing(`package-lock.json is not of version ${version}: run "npm install --package-lock-only"`);
    }
    notes = notesOf(await readFile(join(root, "CHANGELOG.md"), "utf8"), version);
    return version;
  });
  if ((await attempt("npm", ["test"], { env: { ...process.env, CI: "1" }, show: true })).code !== 0) {
    throw new Missing("npm test failed: see above");
  }
  const files = await makePackages();
  await step("server", () => serverAgrees(files, version));
  const sums = await readFile(join(packages, "SHA256SUMS"), "utf8");
  const notesFile = join(packages, "RELEASE_NOTES.md");
  await writeFile(notesFile, `# Go Phantom ${version}\n\n${notes}\n\n## Packages\n\n${await table(files, sums)}`);
  console.log(`
  Nothing is published yet. Read ${notesFile}, try a package, then:

    git tag --annotate v${version} --message "Go Phantom ${version}"
    git push origin v${version}
    cd ${packages} && sha256sum --check SHA256SUMS
${files.map((file) => `    npx --prefix extension/vsce vsce publish --packagePath ${file}`).join("\n")}

  The page of the release takes RELEASE_NOTES.md as its text, and the packages and SHA256SUMS as its files.
`);
}

/** The server in the package of this machine says the version and the commit of the release. */
async function serverAgrees(files, version) {
  const own = files.find((file) => basename(file).includes(`-${process.platform}-${process.arch}-`));
  if (!own) {
    throw new Missing(`No package is for ${process.platform}-${process.arch}: make the release on one of the six`);
  }
  const name = executableName("gophantom");
  const dir = await mkdtemp(join(tmpdir(), "gophantom-release-"));
  try {
    const program = join(dir, name);
    await writeFile(program, await (await readPackage(own)).get(`extension/bin/${name}`).bytes(), { mode: 0o755 });
    const said = JSON.parse(await run(program, ["version", "--format", "json"]));
    const commit = (await run("git", ["rev-parse", "HEAD"])).trim();
    if (said.version !== `v${version}` || said.commit !== commit) {
      throw new Error(`The server says ${said.version} of ${said.commit}, but this is v${version} of ${commit}`);
    }
    return `${said.version}, ${said.commit.slice(0, 12)}, ${said.go}`;
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function table(files, sums) {
  const rows = await Promise.all(
    files.map(async (file) => {
      const [sum] = sums
        .split("\n")
        .find((line) => line.endsWith(basename(file)))
        .split(" ");
      return `| ${basename(file)} | ${((await stat(file)).size / 1e6).toFixed(1)} MB | \`${sum}\` |\n`;
    }),
  );
  return `| file | size | SHA-256 |\n|---|---|---|\n${rows.join("")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await release();
  } catch (error) {
    process.exitCode = explain(error);
  }
}
