// npm run pictures: the pictures of README.md, as the end-to-end test of the cure takes them, in docs/images.

import { copyFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildEnvironment, run } from "./command.mjs";
import { e2e, root, screenshots, vscodeNode } from "./layout.mjs";
import { explain, step } from "./progress.mjs";
import { setUpBrowser, setUpBuild, setUpGopls, setUpWorkbench } from "./setup.mjs";

/** By name in docs/images, the moment of the test. */
const moments = { phantom: "proved", "quick-fix": "offer", cured: "cured" };

try {
  await setUpBuild();
  const gopls = await setUpGopls();
  await setUpWorkbench();
  const chromium = await setUpBrowser();
  await step("phantom, quick fix and cure in VS Code", async () => {
    const told = { CHROME_PATH: chromium, GOPHANTOM_E2E_GOPLS: gopls, GOPHANTOM_E2E_FOR_READERS: "1" };
    const args = ["--test", "--test-force-exit", "--test-name-pattern", "quick fix \\(stand-in\\)"];
    await run(vscodeNode, [...args, join(e2e, "cure.test.mjs")], { env: { ...buildEnvironment(), ...told } });
  });
  await mkdir(join(root, "docs", "images"), { recursive: true });
  for (const [name, moment] of Object.entries(moments)) {
    await step(`docs/images/${name}.png`, async () => {
      const picture = join(root, "docs", "images", `${name}.png`);
      await copyFile(join(screenshots, `cure-by-quick-fix-stand-in-${moment}.png`), picture);
      return `${Math.ceil((await stat(picture)).size / 1000)} kB`;
    });
  }
} catch (error) {
  process.exitCode = explain(error);
}
