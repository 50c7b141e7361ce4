// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the settings hold VS Code's variables
// The environment that golang.go gives to gopls: the stand-in must compute what the real one computes.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { makeDemo } from "../../scripts/demo.mjs";
import { golangExtensions, gopls, isImportError } from "./subjects.mjs";
import { openWorkbench } from "./workbench.mjs";

for (const { label, golang, skip } of golangExtensions) {
  test(`gopls gets process.env, then go.toolsEnvVars, http.proxy and GOPATH (${label})`, {
    skip,
    timeout: 180_000,
  }, async () => {
    await using demo = await makeDemo({ gopls });
    const { HOME: home } = demo.env;
    await using workbench = await openWorkbench({
      name: `environment-${label}`,
      workspace: demo.workspace,
      file: join(demo.workspace, "main.go"),
      env: { ...demo.env, HTTPS_PROXY: "http://process.example", GONOPROXY: "process.example" },
      settings: {
        ...demo.settings,
        "go.toolsEnvVars": {
          GONOPROXY: "settings.example",
          GOPRIVATE: "${env:GONOPROXY},${env:NOWHERE}",
          GOFLAGS: "-json -mod=mod",
          GOPATH: "/overridden",
          CGO_CFLAGS: "~/include",
          CGO_LDFLAGS: "-L~/lib",
          CC: "${workspaceFolder}/cc-of-${workspaceFolderBasename}",
        },
        "go.gopath": "${env:HOME}/gopath",
        "http.proxy": "http://settings.example",
      },
      golang,
      goPhantom: false,
    });
    await workbench.probe.waitFor((all) => all.some(isImportError), "the red import");
    const [env] = await environmentsOf(demo.settings["go.languageServerFlags"][0]);
    const pick = (names) => Object.fromEntries(names.map((name) => [name, env[name]]));

    assert.deepEqual(pick(["GONOPROXY", "GOPRIVATE", "GOFLAGS", "GOPATH", "CGO_CFLAGS", "CGO_LDFLAGS", "CC"]), {
      GONOPROXY: "settings.example",
      GOPRIVATE: "process.example,",
      GOFLAGS: " -mod=mod",
      GOPATH: `${home}/gopath`,
      CGO_CFLAGS: `${home}/include`,
      CGO_LDFLAGS: "-L~/lib",
      CC: `${demo.workspace}/cc-of-hello`,
    });
    const proxies = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];
    assert.deepEqual(pick(proxies), Object.fromEntries(proxies.map((name) => [name, "http://settings.example"])));
    assert.deepEqual(pick(["GOPROXY", "GOMODCACHE", "GOBIN"]), {
      GOPROXY: "off",
      GOMODCACHE: `${home}/gopath/pkg/mod`,
      GOBIN: undefined,
    });
  });
}

/** The environments of the processes that were started with this argument (Linux). */
async function environmentsOf(argument) {
  const found = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const read = (name) => readFile(join("/proc", pid, name), "utf8").catch(() => "");
    if ((await read("cmdline")).split("\0").includes(argument)) {
      const entries = (await read("environ")).split("\0").filter((entry) => entry.includes("="));
      found.push(
        Object.fromEntries(
          entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
        ),
      );
    }
  }
  return found;
}
