const NAMED: ReadonlyMap<string, string> = new Map([
  ["\n", String.raw`\n`],
  ["\r", String.raw`\r`],
  ["\t", String.raw`\t`],
]);

/** A text from a file for one line of a terminal or a document: control characters, which move a cursor or end a line, as escapes. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => NAMED.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
