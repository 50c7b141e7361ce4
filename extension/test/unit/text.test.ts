import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeLabel, escapeMarkdown, escapeMessage } from "../../src/text";

test("escaped Markdown has no punctuation left that could mean anything", () => {
  const hostile = [
    "[click](command:workbench.action.terminal.sendSequence)",
    "![](https://proxy.example/x.png)",
    "https://proxy.example www.proxy.example a@proxy.example",
    "<img src=x onerror=y> &lt; $(alert) `code` **bold** # title",
  ];
  for (const text of hostile) {
    const escaped = escapeMarkdown(text);
    assert.doesNotMatch(escaped, /(^|[^\\])(\\\\)*[[\]()<>!*_`#&:@.]/, escaped);
    assert.equal(escaped.replace(/\\([!-/:-@[-`{-~])/g, "$1"), text, "a Markdown renderer shows the original");
  }
});

test("no text breaks out of its line", () => {
  for (const safe of [escapeMarkdown, escapeLabel, escapeMessage]) {
    assert.equal(safe("one\n\n- two\r\n\u2028three\u0000\tfour "), safe("one - two three four"));
  }
});

test("labels get no icons, messages no links", () => {
  assert.equal(escapeLabel("$(alert) $ (x)"), "\\$(alert) $ (x)");
  assert.doesNotMatch(escapeMessage("[run](command:x) and [a](https://proxy.example)"), /\]\(/);
});
