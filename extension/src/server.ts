import { accessSync, constants, statSync } from "node:fs";
import * as path from "node:path";
import * as api from "./vscodeApi";

/** What decides which server program runs. */
export interface ServerChoice {
  /** gophantom.server.path; "" for the program that comes with the extension. */
  setting: string;
  /** In an untrusted workspace only the program of the extension may run. */
  trusted: boolean;
  extensionPath: string;
  platform: NodeJS.Platform;
}

/** The absolute path of the server program. */
export function serverProgram(choice: ServerChoice): string {
  if (choice.trusted && choice.setting !== "") {
    return choice.setting;
  }
  return path.join(choice.extensionPath, "bin", choice.platform === "win32" ? "gophantom.exe" : "gophantom");
}

/** One sentence that says why the program cannot run and what to do; undefined if it can. */
export function whyNotRunnable(program: string): string | undefined {
  const cure = api.t("Reinstall Go Phantom, or let the setting gophantom.server.path name a gophantom program.");
  if (!path.isAbsolute(program)) {
    return api.t('The setting gophantom.server.path must be an absolute path, but is "{0}".', program);
  }
  try {
    if (!statSync(program).isFile()) {
      return `${api.t("The Go Phantom server {0} is not a file.", program)} ${cure}`;
    }
  } catch {
    return `${api.t("The Go Phantom server {0} does not exist.", program)} ${cure}`;
  }
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return `${api.t("The Go Phantom server {0} is not executable.", program)} ${cure}`;
  }
  return undefined;
}
