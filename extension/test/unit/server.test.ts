import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { type ServerChoice, serverProgram, whyNotRunnable } from "../../src/server";

/** A choice of an extension, of a package for a platform or of the universal one, whose user has installed nothing. */
function choose(t: TestContext, kind: "platform" | "universal"): ServerChoice {
  const home = mkdtempSync(path.join(tmpdir(), "gophantom-"));
  t.after(() => rmSync(home, { recursive: true }));
  const extensionPath = path.join(home, "ext");
  mkdirSync(extensionPath);
  if (kind === "platform") {
    addProgram(path.join(extensionPath, "bin", programName));
  }
  const env = { HOME: home, USERPROFILE: home, PATH: ["relative", path.join(home, "bin")].join(path.delimiter) };
  const { platform } = process;
  return { setting: "", trusted: true, extensionPath, version: "1.2.3", platform, arch: "arm64", env };
}

const programName = process.platform === "win32" ? "gophantom.exe" : "gophantom";

function addProgram(file: string, mode = 0o755): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "");
  chmodSync(file, mode);
  return file;
}

const fault = (choice: ServerChoice) => whyNotRunnable(serverProgram(choice), choice) ?? "";

test("a package for a platform runs its own program, unless the setting names another", (t) => {
  const choice = choose(t, "platform");
  const own = path.join(choice.extensionPath, "bin", programName);
  addProgram(path.join(choice.env.HOME ?? "", "bin", programName));
  assert.equal(serverProgram(choice), own, "whatever is installed besides");
  assert.equal(fault(choice), "");
  const setting = path.join(choice.extensionPath, "mine");
  assert.equal(serverProgram({ ...choice, setting }), setting);
  assert.equal(serverProgram({ ...choice, setting, trusted: false }), own, "an untrusted workspace chooses nothing");
  for (const [platform, name] of [
    ["linux", "gophantom"],
    ["win32", "gophantom.exe"],
  ] as const) {
    assert.equal(path.basename(serverProgram({ ...choice, platform })), name);
  }

  rmSync(own);
  assert.match(fault(choice), /does not exist\. Reinstall/, "damage is not the universal package");
});

test("the universal package runs what go install put somewhere, in the order of go, and only in a trusted workspace", (t) => {
  const choice = choose(t, "universal");
  const home = choice.env.HOME ?? "";
  const found = () => path.relative(home, serverProgram(choice));
  addProgram(path.join(home, "bin", programName));
  assert.equal(found(), path.join("bin", programName), "on PATH");
  addProgram(path.join(home, "go", "bin", programName));
  assert.equal(found(), path.join("go", "bin", programName), "the default GOPATH");
  choice.env.GOPATH = path.join(home, "gopath");
  assert.equal(found(), path.join("bin", programName), "another GOPATH replaces the default");
  choice.env.GOBIN = path.join(home, "gobin");
  addProgram(path.join(home, "gobin", programName));
  assert.equal(found(), path.join("gobin", programName), "GOBIN");
  assert.equal(fault(choice), "");
  assert.match(fault({ ...choice, trusted: false }), /no server for .*-arm64\. .* only when you trust/);
});

test("the universal package says what it lacks and how to get it", (t) => {
  const choice = choose(t, "universal");
  const said = fault(choice);
  assert.match(said, new RegExp(`no server for ${process.platform}-arm64`));
  assert.match(said, /go install \S+\/cmd\/gophantom@v1\.2\.3/);
  assert.match(said, /gophantom\.server\.path/);
  const setting = addProgram(path.join(choice.extensionPath, "mine"));
  assert.equal(fault({ ...choice, setting }), "");
});

test("a program that cannot run is told with the reason", (t) => {
  const choice = choose(t, "platform");
  const setting = (setting: string) => fault({ ...choice, setting });
  assert.match(setting("gophantom"), /absolute/);
  assert.match(setting(choice.extensionPath), /not a file/);
  assert.match(setting(path.join(choice.extensionPath, "none")), /does not exist/);
  if (process.platform !== "win32") {
    assert.match(setting(addProgram(path.join(choice.extensionPath, "plain"), 0o644)), /not executable/);
  }
});
