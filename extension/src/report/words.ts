/**
 * The words of the page in the language that it was made for. The server sends
 * them with the document; what it does not send is English, as it stands in the
 * sources.
 */
let words: { [english: string]: string } = {};

/** Sets the language, before anything is drawn. */
export function speak(table: typeof words): void {
  words = table;
}

/** A text of ours with `{name}` for each value, in the language of the page. */
export function t(english: string, values: { [name: string]: string | number } = {}): string {
  const text = Object.hasOwn(words, english) ? (words[english] ?? english) : english;
  return text.replace(/\{([a-z]+)\}/gi, (hole, name) => (Object.hasOwn(values, name) ? String(values[name]) : hole));
}

/** Names in a row, as `a and b and c`. */
export function listed(names: string[]): string {
  return names.length < 2 ? names.join("") : names.reduce((before, name) => t("{before} and {name}", { before, name }));
}
