/**
 * What the bundle has instead of string-width, strip-ansi and wrap-ansi, with which cliui lays out `--help`. Our help has no colours
 * and no letter wider than a column.
 */
export const stringWidth = (text) => [...text].length;

export const stripAnsi = (text) => text;

/** Breaks lines at spaces; a word longer than a line stays whole. */
export function wrapAnsi(text, columns) {
  return text
    .split("\n")
    .map((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line, columns) {
  const rows = [];
  for (const word of line.split(" ")) {
    const row = rows.at(-1);
    if (row !== undefined && row.length + 1 + word.length <= columns) rows[rows.length - 1] = `${row} ${word}`;
    else rows.push(word);
  }
  return rows.map((row) => row.trimEnd()).join("\n");
}
