// What the tests are about: the programs and extensions of this machine, and the error that they provoke.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { find } from "../../scripts/command.mjs";
import { executableName, toolsBin } from "../../scripts/layout.mjs";

const ownGopls = join(toolsBin, executableName("gopls"));

/** The gopls that the set-up found or installed. */
export const gopls = process.env.GOPHANTOM_E2E_GOPLS || (existsSync(ownGopls) ? ownGopls : find("gopls"));

const vsix = process.env.GOPHANTOM_E2E_GO_VSIX;

/** What may play golang.go in a test: the stand-in, and the real one when GOPHANTOM_E2E_GO_VSIX names its package. */
export const golangExtensions = [
  { label: "stand-in", golang: "stand-in", skip: false },
  {
    label: "real",
    golang: vsix,
    skip: vsix ? false : "not requested: GOPHANTOM_E2E_GO_VSIX names no .vsix of golang.go",
  },
];

/** Whether a diagnostic of the probe is gopls' complaint about the demo's import. */
export function isImportError({ source, message }) {
  return source === "compiler" && message.includes("could not import example.com/greet");
}
