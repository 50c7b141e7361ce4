import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { registerCommands } from "../../src/commands";
import type { EnvironmentTree } from "../../src/environmentTree";
import type { SessionManager } from "../../src/session";
import { editor, fakeLog, resetEditor } from "./vscodeApi";

beforeEach(resetEditor);

const manifest = JSON.parse(readFileSync("package.json", "utf8"));

test("every command of the manifest is registered", () => {
  const manager = { onDidChangeStatus: () => ({ dispose() {} }) };
  const tree = {} as unknown as EnvironmentTree;
  const commands = registerCommands(manager as unknown as SessionManager, tree, fakeLog());
  for (const { command } of manifest.contributes.commands) {
    assert.ok(command in editor.commands, command);
  }
  commands.dispose();
  assert.deepEqual(editor.commands, {});
});

test("every command of the manifest says when the palette shows it", () => {
  const shown = manifest.contributes.menus.commandPalette.map(({ command }: { command: string }) => command);
  assert.deepEqual(
    shown,
    manifest.contributes.commands.map(({ command }: { command: string }) => command),
  );
});

test("there are at most ten settings", () => {
  assert.ok(Object.keys(manifest.contributes.configuration.properties).length <= 10);
});

test("every menu and every link of the welcome names a command that exists", () => {
  const { menus, keybindings, viewsWelcome, commands } = manifest.contributes;
  const known = new Set(commands.map(({ command }: { command: string }) => command));
  const named: string[] = [...Object.values(menus).flat(), ...keybindings].map(
    (item) => (item as { command: string }).command,
  );
  for (const { contents } of viewsWelcome) {
    named.push(...[...contents.matchAll(/\(command:([^)]*)\)/g)].map(([, id]) => id));
  }
  for (const id of named) {
    assert.ok(known.has(id) || id.startsWith("workbench."), id);
  }
});

test("a path that names a program is restricted until the workspace is trusted", () => {
  const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  const paths = Object.keys(manifest.contributes.configuration.properties).filter((key) => /path/i.test(key));
  assert.deepEqual(restrictedConfigurations, paths);
});

test("the types of the editor's API are those of the oldest editor supported", () => {
  assert.equal(`^${manifest.devDependencies["@types/vscode"]}`, manifest.engines.vscode);
});

test("the schema of the team contract is there, and in the package", () => {
  const packaged = readFileSync(".vscodeignore", "utf8").split("\n");
  for (const { url } of manifest.contributes.jsonValidation) {
    assert.ok(existsSync(url), url);
    assert.ok(packaged.includes(`!${url.replace("./", "")}`), url);
  }
});

test("a team contract may have comments", () => {
  const [{ fileMatch }] = manifest.contributes.jsonValidation;
  const jsonc = manifest.contributes.languages.find(({ id }: { id: string }) => id === "jsonc");
  assert.ok(jsonc.filenames.includes(fileMatch));
});

for (const file of readdirSync(".").filter((name) => /^package\.nls\..*json$/.test(name))) {
  const texts: { [key: string]: string } = JSON.parse(readFileSync(file, "utf8"));
  const shown = (text: string) => texts[text.replaceAll("%", "")] ?? assert.fail(`${file}: ${text}`);
  test(`${file}: the walkthrough has four steps, whose pictures exist and whose links lead somewhere`, () =>
    walk(shown));
}

function walk(shown: (text: string) => string): void {
  const [{ steps }] = manifest.contributes.walkthroughs;
  assert.equal(steps.length, 4);
  const ours = manifest.contributes.commands.map(({ command }: { command: string }) => command);
  const ofTheEditor = ["workbench.actions.view.problems"];
  for (const { id, description: key, media, completionEvents = [] } of steps) {
    const description = shown(key);
    assert.ok(existsSync(media.svg), media.svg);
    assert.notEqual(shown(media.altText), "", id);
    assert.doesNotMatch(description, /`|(?<!\*)\*(?!\*)/, `${id}: a walkthrough knows bold and links only`);
    const links = [...description.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link);
    assert.notEqual(links.length, 0, id);
    for (const link of [...links, ...completionEvents]) {
      const [, command] = /^(?:command|onCommand):(.*)$/.exec(link) ?? [];
      if (command !== undefined) {
        assert.ok([...ours, ...ofTheEditor].includes(command), `${id}: ${command}`);
      } else {
        const [, file, heading] = /\/blob\/main\/([^#]+)#(.+)$/.exec(link) ?? [];
        assert.ok(file && heading, link);
        const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
          text?.toLowerCase().replaceAll(" ", "-"),
        );
        assert.ok(headings.includes(heading), link);
      }
    }
  }
}
