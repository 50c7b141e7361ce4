import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { treeItemLook } from "../../src/environmentTree";
import type { TreeNode } from "../../src/protocol.gen";
import { ReportPanel } from "../../src/reportPanel";
import { statusItemLook } from "../../src/status";
import { editor, fakeLog, resetEditor } from "./vscodeApi";

beforeEach(resetEditor);

type Texts = { [key: string]: string };

const languages = readdirSync("l10n").map((name) => /^bundle\.l10n\.(.+)\.json$/.exec(name)?.[1] ?? name);
const json = (file: string) => JSON.parse(readFileSync(file, "utf8"));

/** The first arguments of all calls of `t` in the sources. The page of the report, in its own folder, is not one of them. */
function textsInUse(): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync(join("extension", "src")).filter((file) => file.endsWith(".ts"))) {
    const source = readFileSync(join("extension", "src", name), "utf8");
    for (const [, call = ""] of source.matchAll(/\bt\(\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`|[^\s,)]+))/g)) {
      if (/^["']/.test(call)) {
        found.add(call.startsWith('"') ? JSON.parse(call) : call.slice(1, -1));
      } else if (name !== "vscodeApi.ts") {
        assert.fail(`${name}: t(${call}: write the text itself, so that it can be found and translated`);
      }
    }
  }
  return found;
}

const holes = (text: string) => [...text.matchAll(/\{\d+\}/g)].map(([hole]) => hole).sort();

test("Chinese is there", () => assert.ok(languages.includes("zh-cn")));

test("every text of the extension is translated, and no other", () => {
  const texts = textsInUse();
  assert.ok(texts.size > 0);
  for (const language of languages) {
    const bundle: Texts = json(join("l10n", `bundle.l10n.${language}.json`));
    assert.deepEqual(Object.keys(bundle).sort(), [...texts].sort(), language);
    for (const [english, translation] of Object.entries(bundle)) {
      assert.deepEqual(holes(translation), holes(english), `${language}: ${english}`);
    }
  }
});

test("every text of the manifest is a key, and every key is a text in all languages", () => {
  const manifest = readFileSync("package.json", "utf8");
  const keys = [...manifest.matchAll(/"%([^"%]+)%"/g)].map(([, key = ""]) => key);
  for (const [, text = ""] of manifest.matchAll(
    /"(?:description|markdownDescription|markdownEnumDescriptions|title|contents|name)": "([^"]*)"/g,
  )) {
    assert.ok(/^%[^%]+%$/.test(text) || !/[a-z] ?[a-z]/.test(text.replace(/^(Go Phantom|gophantom)$/, "")), text);
  }
  for (const file of ["package.nls.json", ...languages.map((language) => `package.nls.${language}.json`)]) {
    assert.deepEqual(Object.keys(json(file)).sort(), [...new Set(keys)].sort(), file);
  }
});

test("variables, commands and code are the same in every language of the manifest", () => {
  const english: Texts = json("package.nls.json");
  const fixed = (text = "") => [...text.matchAll(/`[^`]+`|\bgopls\b|\bgo\b/g)].map(([name]) => name).sort();
  for (const language of languages) {
    const translated: Texts = json(`package.nls.${language}.json`);
    for (const [key, text] of Object.entries(english)) {
      const names = new Set(fixed(translated[key]));
      assert.ok(
        fixed(text).every((name) => names.has(name)),
        `${language}: ${key}`,
      );
    }
  }
});

test("what the package holds includes the translations", () => {
  const packaged = readFileSync(".vscodeignore", "utf8").split("\n");
  for (const file of ["l10n/**", "package.nls.json", ...languages.map((language) => `package.nls.${language}.json`)]) {
    assert.ok(packaged.includes(`!${file}`), file);
  }
  assert.equal(json("package.json").l10n, "./l10n");
});

const speakChinese = () => {
  editor.bundle = json(join("l10n", "bundle.l10n.zh-cn.json"));
};

test("the status bar speaks the language of the editor", () => {
  speakChinese();
  const look = statusItemLook({ kind: "starting" }, "always");
  assert.match(look.text, /Go Phantom: \p{Script=Han}+/u);
  assert.match(look.accessibilityLabel, /\p{Script=Han}/u);
});

test("the view speaks the language of the editor", () => {
  const root: TreeNode = { id: "findings", kind: "root", label: "", count: 2, children: [] };
  const phantom: TreeNode = { id: "x", kind: "phantom", label: "main.go" };
  const english = treeItemLook(root).label;
  speakChinese();
  assert.notEqual(treeItemLook(root).label, english);
  for (const text of [
    treeItemLook(root).label,
    treeItemLook(root).description,
    treeItemLook(phantom).accessibilityLabel,
  ]) {
    assert.match(text, /\p{Script=Han}/u);
  }
});

test("the panel says in which language it speaks until the report is there", async () => {
  const source = {
    environmentReport: () => new Promise<never>(() => {}),
    onDidChangeStatus: () => ({ dispose() {} }),
    status: () => undefined,
  };
  for (const [language, speak] of [
    ["en", () => {}],
    ["zh-cn", speakChinese],
  ] as const) {
    resetEditor();
    speak();
    void new ReportPanel(source, fakeLog()).show();
    const page = editor.panels[0]?.pages.at(-1) ?? "";
    assert.ok(page.includes(`<html lang="${language}">`), page);
    assert.equal(/\p{Script=Han}/u.test(page), language === "zh-cn", page);
  }
});
