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
  /** Of the extension. */
  version: string;
  platform: NodeJS.Platform;
  arch: string;
  env: NodeJS.ProcessEnv;
}

/** The absolute path of the server program: of the setting, of the extension, or, for a package without one, of the user. */
export function serverProgram(choice: ServerChoice): string {
  if (choice.trusted && choice.setting !== "") {
    return choice.setting;
  }
  const own = ownProgram(choice);
  return choice.trusted && isUniversal(choice) ? (installedPrograms(choice).find(isExecutable) ?? own) : own;
}

/** One sentence or two that say why the program cannot run and what to do; undefined if it can. */
export function whyNotRunnable(program: string, choice: ServerChoice): string | undefined {
  if (program === ownProgram(choice) && isUniversal(choice)) {
    return whatToInstall(choice);
  }
  const cure = api.t("Reinstall Go Phantom, or let the setting gophantom.server.path name a gophantom program.");
  if (!path.isAbsolute(program)) {
    return api.t('The setting gophantom.server.path must be an absolute path, but is "{0}".', program);
  }
  if (!isFile(program)) {
    const fault = exists(program)
      ? api.t("The Go Phantom server {0} is not a file.", program)
      : api.t("The Go Phantom server {0} does not exist.", program);
    return `${fault} ${cure}`;
  }
  if (!isExecutable(program)) {
    return `${api.t("The Go Phantom server {0} is not executable.", program)} ${cure}`;
  }
  return undefined;
}

function whatToInstall({ platform, arch, version, trusted }: ServerChoice): string {
  const lack = api.t("This package of Go Phantom has no server for {0}.", `${platform}-${arch}`);
  if (!trusted) {
    return `${lack} ${api.t("A program that you installed is run only when you trust the workspace.")}`;
  }
  const command = `go install github.com/gophantom/gophantom/server/cmd/gophantom@v${version}`;
  const ways = api.t(
    'Install the package for your platform. Or run "{0}" and then Restart Server. Or let the setting gophantom.server.path name a gophantom program.',
    command,
  );
  return `${lack} ${ways}`;
}

function ownProgram({ extensionPath, platform }: ServerChoice): string {
  return path.join(extensionPath, "bin", programName(platform));
}

/** The universal package has no bin; in one for a platform, a program that is missing is damage. */
function isUniversal({ extensionPath }: ServerChoice): boolean {
  return !exists(path.join(extensionPath, "bin"));
}

/** Where "go install" puts programs, and PATH. */
function installedPrograms({ env, platform }: ServerChoice): string[] {
  const home = (platform === "win32" ? env.USERPROFILE : env.HOME) ?? "";
  const gopaths = (env.GOPATH || path.join(home, "go")).split(path.delimiter);
  return [env.GOBIN ?? "", ...gopaths.map((dir) => path.join(dir, "bin")), ...(env.PATH ?? "").split(path.delimiter)]
    .filter((dir) => path.isAbsolute(dir)) // another would depend on the folder, and the folder is not ours
    .map((dir) => path.join(dir, programName(platform)));
}

function programName(platform: NodeJS.Platform): string {
  return platform === "win32" ? "gophantom.exe" : "gophantom";
}

function isExecutable(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return isFile(program);
  } catch {
    return false;
  }
}

function isFile(program: string): boolean {
  return statSync(program, { throwIfNoEntry: false })?.isFile() ?? false;
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}
