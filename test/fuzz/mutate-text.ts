import type { Random } from "./random.js";

const TOKENS = [
  "*",
  "&a",
  "*a",
  "<<: *a",
  "- ",
  "? ",
  "!!js/function x",
  "\t",
  "'",
  '"',
  "{",
  "}",
  "[",
  "]",
  ": ",
  "#",
  "|",
  ">",
  "~",
  "null",
  "true",
  "-1",
  "1e999",
  "9007199254740993",
  "0x10",
  ".nan",
  "int9",
  "int4",
  "block",
  "__proto__: 1",
  "constructor: {}",
  "/(a+)+$/",
  "vision.**",
  "{0..999999999}",
  "{a,{b,{c}}}",
  "\u0000",
  "\uFEFF",
  "\u2028",
  "é",
  "version: 2",
  "preset:int8",
  "99.9%",
  "random",
];

/** One mutant of a text: lines and tokens are dropped, doubled, swapped, re-indented or replaced. */
export function mutateText(text: string, random: Random): string {
  const lines = text.split("\n");
  const edits = 1 + random.below(4);
  for (let i = 0; i < edits; i += 1) editLine(lines, random);
  return lines.join("\n");
}

function editLine(lines: string[], random: Random): void {
  const at = random.below(lines.length);
  const line = lines[at] ?? "";
  switch (random.below(8)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(at, 0, line);
      break;
    case 2:
      lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1));
      break;
    case 3:
      lines[at] = " ".repeat(random.below(6)) + line.trimStart();
      break;
    case 4:
      lines[at] = line.replace(/[\w.%-]+$/, random.pick(TOKENS));
      break;
    case 5:
      lines[at] = line.slice(0, random.below(line.length + 1)) + random.pick(TOKENS) + line.slice(random.below(line.length + 1));
      break;
    case 6:
      lines[at] = line.replace(/\w/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 1));
      break;
    default:
      lines[at] = line.slice(0, random.below(line.length + 1));
  }
}
