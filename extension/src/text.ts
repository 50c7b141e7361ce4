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
