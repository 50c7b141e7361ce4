// Bundles the extension into dist/extension.js, or with --unit its unit tests
// into out/unit/all.test.js, where a stand-in replaces the editor.
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20", // the Node of the oldest editor in package.json
  sourcemap: true,
  logLevel: "warning",
};

async function extension() {
  await build({
    ...common,
    entryPoints: ["extension/src/extension.ts"],
    outfile: "dist/extension.js",
    external: ["vscode"],
    minify: true,
    sourcesContent: false,
  });
}

async function unitTests() {
  const tests = join(here, "test", "unit");
  const files = (await readdir(tests)).filter((name) => name.endsWith(".test.ts")).sort();
  await rm(join(root, "out", "unit"), { recursive: true, force: true });
  await build({
    ...common,
    stdin: { contents: files.map((name) => `import "./${name}";`).join("\n"), resolveDir: tests, sourcefile: "all.ts" },
    outfile: "out/unit/all.test.js",
    plugins: [
      {
        name: "stand-in for the editor",
        setup({ onResolve }) {
          onResolve({ filter: /\/vscodeApi$/ }, () => ({ path: join(tests, "vscodeApi.ts") }));
        },
      },
    ],
  });
}

await (process.argv.includes("--unit") ? unitTests() : extension());
