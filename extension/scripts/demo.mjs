// The demo: a Go workspace that builds in the terminal and is red in the editor, in a temporary folder of its own.
//
// How the phantom comes to be. The editor starts while the `go env -w` file says GOPROXY=off. The Go extension copies that into the
// process.env of the extension host, because GOPROXY is not set there, and starts gopls with it. Then the file is repaired: the terminal
// follows at once, but for gopls the copied variable masks the file until the extension host restarts, however often gopls does.

import { access, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { attempt, find, run, userEnvironment } from "./command.mjs";
import { addModule } from "./moduleProxy.mjs";

const files = {
  "go.mod": `module example.com/hello

go 1.21

require example.com/greet v1.0.0
`,
  "main.go": `// README.md, beside this file, says what there is to see.
package main

import (
	"fmt"

	"example.com/greet"
)

func main() {
	fmt.Println(greet.Hello("Gopher"))
}
`,
  "README.md": `# A phantom

1. Open \`main.go\`: the import of \`example.com/greet\` is red. There is nothing wrong with it.
2. What went wrong is past: when this editor started, the \`go env -w\` file said \`GOPROXY=off\`. It has been repaired since. See for yourself in
   the terminal (Ctrl+\`):

       go env GOPROXY
       go run .

   But try the command *Go: Restart Language Server*: the red stays, because the Go extension has put the old value into the editor's own
   environment, where it hides the file. (Once \`go run\` has fetched the module, a restart finds it in the module cache; the mask stays, and strikes
   again at the next module.)
3. Click **Go Phantom** in the status bar and take the first entry. The red goes away, and Go Phantom checks that it did.
`,
};

/**
 * Makes the demo. gopls is the path of the gopls to be found by the editor.
 *
 *   workspace      the folder to open
 *   env            the environment to start the editor with
 *   settings       user settings it needs
 *   goenv          the `go env -w` file
 *   goplsStarted   waits until the editor has started gopls, which is when the phantom is there for good
 *   repair         repairs the file: from now on `go build` is green
 *   remove         removes all of it, also at the end of an `await using`
 */
export async function makeDemo({ gopls }) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "gophantom-")));
  const at = (...names) => join(dir, ...names);
  const workspace = at("hello");
  const goplsLog = at("gopls.log");
  const env = await demoEnvironment(at("home"), [dirname(find("go")), dirname(gopls)]);
  const proxy = pathToFileURL(at("proxy")).href;

  await addModule(at("proxy"), "example.com/greet", "v1.0.0", {
    "go.mod": "module example.com/greet\n\ngo 1.21\n",
    "greet.go": `// Package greet greets.
package greet

// Hello greets name.
func Hello(name string) string { return "Hello, " + name + "!" }
`,
  });
  await mkdir(workspace);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(workspace, name), text);
  }
  const cache = at("cache");
  const fetching = { ...env, GOPROXY: proxy, GOSUMDB: "off", GOMODCACHE: cache, GOFLAGS: "-modcacherw" };
  await run("go", ["mod", "tidy"], { cwd: workspace, env: fetching }); // writes go.sum
  await rm(cache, { recursive: true });
  await run("go", ["env", "-w", "GOPROXY=off"], { env });

  const remove = async () => {
    await attempt("go", ["clean", "-modcache"], { env }); // its files are read-only
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return {
    workspace,
    env,
    settings: { "go.languageServerFlags": [`-logfile=${goplsLog}`] },
    goenv: (await run("go", ["env", "GOENV"], { env })).trim(),
    async goplsStarted(signal) {
      while (!(await exists(goplsLog))) {
        await sleep(200, undefined, { signal });
      }
    },
    async repair() {
      await run("go", ["env", "-w", `GOPROXY=${proxy}`], { env });
    },
    remove,
    [Symbol.asyncDispose]: remove,
  };
}

/** The user's environment without Go settings and without traces of an editor around us, with a home of its own: home is made and filled. */
async function demoEnvironment(home, bins) {
  const env = {};
  const user = userEnvironment();
  const foreign = /^(GO(?!OGLE)|CGO_|VSCODE_|ELECTRON_|TERM_PROGRAM|NODE_OPTIONS$)/i;
  for (const [name, value] of Object.entries(user)) {
    if (!foreign.test(name)) {
      env[name] = value;
    }
  }
  const config = join(home, ".config");
  env.PATH = [...new Set([...user.PATH.split(delimiter), ...bins])].join(delimiter);
  env.XDG_CACHE_HOME ??= join(homedir(), ".cache"); // share the build cache: a fresh one would compile the standard library
  Object.assign(env, { HOME: home, USERPROFILE: home, APPDATA: join(home, "AppData"), XDG_CONFIG_HOME: config });

  // A login shell starts from the system's PATH: give it ours, as the owner of a working machine would.
  const fish = join(config, "fish", "conf.d");
  await mkdir(fish, { recursive: true });
  await mkdir(env.APPDATA);
  for (const file of [join(home, ".profile"), join(home, ".zprofile")]) {
    await writeFile(file, `export PATH=${quoted(env.PATH)}\n`);
  }
  await writeFile(join(fish, "path.fish"), `set -gx PATH ${env.PATH.split(delimiter).map(quoted).join(" ")}\n`);
  return env;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
