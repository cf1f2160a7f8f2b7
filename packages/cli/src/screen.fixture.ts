import type { Terminal } from "./live-block.js";

/** An escape sequence, a control character, or text. */
const PIECES = new RegExp(String.raw`${"\u001b"}\[(\d*)(.)|([\r\n])|([^${"\u001b"}\r\n]+)`, "g");

/** A terminal that keeps what a person would see. Knows the escape sequences that the display uses, and throws at others. */
export function screen(columns: number, rows: number): Terminal & { readonly lines: () => readonly string[] } {
  let lines: string[] = [""];
  let [x, y] = [0, 0];
  const put = (text: string): void => {
    const line = (lines[y] ?? "").padEnd(x);
    lines[y] = line.slice(0, x) + text + line.slice(x + text.length);
    x += text.length;
    if (x > columns) throw new Error(`a line is longer than ${columns} columns: ${lines[y]}`);
  };
  const erase = (kind: string): void => {
    lines[y] = (lines[y] ?? "").slice(0, x);
    if (kind === "J") lines = lines.slice(0, y + 1);
  };
  return {
    columns,
    rows,
    hasColors: () => false,
    write(text) {
      for (const [, count, kind, control, plain] of text.matchAll(PIECES)) {
        if (plain !== undefined) put(plain);
        else if (control !== undefined) [x, y] = [0, control === "\n" ? y + 1 : y];
        else if (kind === "A") y -= Number(count);
        else if (kind === "K" || kind === "J") erase(kind);
        else throw new Error(`unknown sequence ${JSON.stringify(kind)}`);
        while (lines.length <= y) lines.push("");
        if (y < 0) throw new Error("the cursor left the screen");
      }
    },
    lines: () => lines,
  };
}
