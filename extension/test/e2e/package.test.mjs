// What a user installs: the packages, and the one of this machine in a real VS Code.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import test from "node:test";
import { makeDemo } from "../../scripts/demo.mjs";
import { root, screenshots, sidecar } from "../../scripts/layout.mjs";
import { makePackages } from "../../scripts/package.mjs";
import { isAfter, notesOf } from "../../scripts/release.mjs";
import { readPackage } from "../../scripts/vsix.mjs";
import { gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

const dir = join(screenshots, "packages");
const made = (async () => {
  await rm(dir, { recursive: true, force: true });
  const [own, universal] = await makePackages(["linux-x64", "universal"], dir);
  return { own, universal };
})();
made.catch(() => {}); // each test that awaits it fails by it

const parsed = async (name) => JSON.parse(await readFile(join(root, name), "utf8"));
const manifest = await parsed("package.json");
const english = await parsed("package.nls.json");

test("a package holds what runs and what is read, and nothing else", { timeout: 600_000 }, async () => {
  const { own, universal } = await made;
  const names = async (file) => [...(await readPackage(file)).keys()];
  const needed = [
    /^\[Content_Types\]\.xml$/,
    /^extension\.vsixmanifest$/,
    /^extension\/(package\.json|readme\.md|changelog\.md|LICENSE\.txt)$/i,
    /^extension\/package\.nls(\.[a-z-]+)?\.json$/,
    /^extension\/l10n\/[^/]+\.json$/,
    /^extension\/dist\/[^/]+\.(js|css)$/,
    /^extension\/extension\/contract\.schema\.json$/,
    /^extension\/media\/(walkthrough\/)?[^/]+\.(png|svg|md)$/,
  ];
  const besides = (all) => all.filter((name) => !needed.some((pattern) => pattern.test(name)));
  assert.deepEqual(besides(await names(own)), ["extension/bin/gophantom"]);
  assert.deepEqual(besides(await names(universal)), []);
  for (const file of [own, universal]) {
    const all = await names(file);
    for (const name of [
      manifest.main.slice(2),
      manifest.icon,
      "package.json",
      "readme.md",
      "changelog.md",
      "LICENSE.txt",
    ]) {
      assert.ok(all.includes(`extension/${name}`), `${basename(file)} has no ${name} in ${all.join(" ")}`);
    }
    for (const { media } of (manifest.contributes.walkthroughs ?? []).flatMap(({ steps }) => steps)) {
      assert.ok(all.includes(`extension/${media.markdown ?? media.svg}`), JSON.stringify(media));
    }
  }
});

test("a package names its platform, its server can run, and SHA256SUMS is right", { timeout: 600_000 }, async () => {
  const { own, universal } = await made;
  const files = await readPackage(own);
  assert.equal(files.get("extension/bin/gophantom").mode, 0o755);
  const platform = async (file) =>
    /TargetPlatform="([^"]+)"/.exec(
      (await (await readPackage(file)).get("extension.vsixmanifest").bytes()).toString(),
    )?.[1];
  assert.equal(await platform(own), "linux-x64");
  assert.equal(await platform(universal), undefined);
  const said = async (file) => (await (await readPackage(file)).get("extension/readme.md").bytes()).toString();
  assert.match((await said(universal)).split("\n")[0], /no server program in it/);
  assert.doesNotMatch(await said(own), /no server program in it/);
  const sums = await readFile(join(dir, "SHA256SUMS"), "utf8");
  for (const file of [own, universal]) {
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", await readFile(file))).toString("hex");
    assert.ok(sums.includes(`${digest}  ${basename(file)}\n`), sums);
  }
});

test("the same commit makes the same bytes", { timeout: 600_000 }, async () => {
  const { own, universal } = await made;
  const again = await makePackages(["linux-x64", "universal"], join(dir, "again"));
  for (const [i, file] of [own, universal].entries()) {
    assert.ok((await readFile(file)).equals(await readFile(again[i])), basename(file));
  }
});

test("the package of this machine, installed in VS Code, proves the phantom of the demo", {
  timeout: 600_000,
}, async () => {
  const { own } = await made;
  await using demo = await makeDemo({ gopls });
  await using workbench = await openWorkbench({
    name: "package",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    // VSCODE_CLI: VS Code does not wait for the shell, which is slow on a busy machine.
    env: { ...demo.env, VSCODE_CLI: "1" },
    settings: demo.settings,
    goPhantom: own,
  });
  await workbench.probe.waitFor((all) => all.some(isImportError), "the red import");
  await demo.repair();
  await workbench.statusSays(/\b1 phantom\b/);

  const [{ id, steps }] = manifest.contributes.walkthroughs;
  const walkthrough = `${manifest.publisher}.${manifest.name}#${id}`;
  await workbench.probe.call("command", { command: "workbench.action.openWalkthrough", args: [walkthrough, false] });
  for (const { title } of steps) {
    await workbench.page
      .locator(".getting-started-step", { hasText: english[title.slice(1, -1)] })
      .first()
      .waitFor();
  }
  await workbench.picture("walkthrough");
});

test("the universal package says what it lacks, and runs a server that the user installed", {
  timeout: 600_000,
}, async () => {
  const { universal } = await made;
  await using demo = await makeDemo({ gopls });
  const bin = join(demo.workspace, "..", "gobin");
  const path = demo.env.PATH.split(":").filter((place) => !existsSync(join(place, "gophantom")));
  await using workbench = await openWorkbench({
    name: "package-universal",
    workspace: demo.workspace,
    file: join(demo.workspace, "main.go"),
    // VSCODE_CLI: VS Code does not ask the shell for more of PATH.
    env: {
      ...demo.env,
      GOBIN: bin,
      GOPATH: join(demo.workspace, "..", "gopath"),
      PATH: path.join(":"),
      VSCODE_CLI: "1",
    },
    settings: demo.settings,
    goPhantom: universal,
  });
  const said = await workbench.statusSays(/stopped/);
  assert.match(said, /no server for linux-x64.*go install/s);
  await workbench.picture("stopped");

  await mkdir(bin);
  await copyFile(sidecar, join(bin, "gophantom")); // as go install would
  await workbench.probe.call("command", { command: "gophantom.restartServer" });
  await workbench.statusSays(/Go Phantom: (ok|unknown|\d+ \w+)/);
});

test("the notes of a release are its section of the changelog", () => {
  const changelog = "# Changelog\n\n## 1.1.0 (unreleased)\n\n- New.\n\n## 1.0.0 (2026-01-02)\n\n- First.\n";
  assert.equal(notesOf(changelog, "1.0.0"), "- First.");
  assert.throws(() => notesOf(changelog, "1.1.0"), /give it the date/);
  assert.throws(() => notesOf(changelog, "1.2.0"), /has no/);
  assert.ok(isAfter("1.10.0", "1.9.9"));
  assert.ok(!isAfter("1.0.0", "1.0.0") && !isAfter("1.0.9", "1.1.0"));
});
