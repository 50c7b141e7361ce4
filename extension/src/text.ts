/**
 * Text from the server may quote files and settings of the workspace, which
 * anybody may have written. These functions make it safe for the places of the
 * editor that interpret text.
 */

/** For Markdown: every punctuation mark stands for itself, and a line break is a space. */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/[!-/:-@[-`{-~]/g, "\\$&");
}

/** For labels, where `$(name)` would become an icon. */
export function escapeLabel(text: string): string {
  return oneLine(text).replaceAll("$(", "\\$(");
}

/**
 * For notifications and the language status, where `[text](link)` would become
 * a link and even run a command. They know no escape, so a character without
 * width parts the brackets.
 */
export function escapeMessage(text: string): string {
  return oneLine(text).replaceAll("](", "]\u200b(");
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** On one line, without characters that are not seen or that turn the text around; for places that interpret nothing. */
export function visible(text: string): string {
  return oneLine(text).replace(/\p{Cf}/gu, "\ufffd");
}

/** Text of at most so many characters: what is too long loses its middle, for a path ends in what matters. */
export function middle(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) {
    return text;
  }
  const head = Math.ceil((most - 1) / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (most - 1 - head)).join("")}`;
}
