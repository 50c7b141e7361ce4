import { accessSync, constants, statSync } from "node:fs";
import * as path from "node:path";

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
  const cure = "Reinstall Go Phantom, or let the setting gophantom.server.path name a gophantom program.";
  if (!path.isAbsolute(program)) {
    return `The setting gophantom.server.path must be an absolute path, but is "${program}".`;
  }
  try {
    if (!statSync(program).isFile()) {
      return `The Go Phantom server ${program} is not a file. ${cure}`;
    }
  } catch {
    return `The Go Phantom server ${program} does not exist. ${cure}`;
  }
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return `The Go Phantom server ${program} is not executable. ${cure}`;
  }
  return undefined;
}
