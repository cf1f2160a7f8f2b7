import { VxError } from "@vlm-export/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseYaml } from "./document.js";
import { readText } from "./read-text.js";

function findings(text: string): readonly string[] {
  try {
    parseYaml(text, "r.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof VxError)) throw error;
    return error.diagnostics.map(({ code, where }) => `${code} ${where.line}:${where.column}`);
  }
}

test.each([
  ["tab as indentation", "a:\n\t- 1\n", "VX-RECIPE-TAB 2:1"],
  ["duplicate key", "a: 1\nb: 2\na: 3\n", "VX-RECIPE-DUPLICATE-KEY 3:1"],
  ["custom tag", "a: !foo 1\n", "VX-RECIPE-TAG 1:9"],
  ["core tag", "a: !!str 1\n", "VX-RECIPE-TAG 1:10"],
  ["unsafe integer", "a: 1\nb: 9007199254740993\n", "VX-RECIPE-INTEGER 2:4"],
  ["alias without anchor", "a: *x\n", "VX-RECIPE-ALIAS 1:4"],
  ["alias inside its anchor", "a: &x [*x]\n", "VX-RECIPE-ALIAS 1:8"],
  ["second document", "a: 1\n---\nb: 2\n", "VX-RECIPE-YAML 2:1"],
  ["directive", "%YAML 1.1\n---\na: yes\n", "VX-RECIPE-TAG 1:1"],
  ["empty", "# nothing\n", "VX-RECIPE-EMPTY undefined:undefined"],
  ["key deeper than its neighbour", "a:\n  b: 1\n   c: 2\n", "VX-RECIPE-YAML 3:4"],
  ["open bracket", "a: [1, 2\n", "VX-RECIPE-YAML 2:1"],
  ["open quote", 'a: 1\nb: "x\nc: 2\n', "VX-RECIPE-YAML 2:4"],
  ["no-break space", "a:\n  -\u00a0b: 1\n", "VX-RECIPE-TAB 2:4"],
  ["flow nesting", "[".repeat(200_000), "VX-RECIPE-DEPTH 1:33"],
  ["block nesting on one line", `${"- ".repeat(200_000)}a`, "VX-RECIPE-DEPTH 1:65"],
  ["block nesting by indentation", Array.from({ length: 900 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"), "VX-RECIPE-DEPTH 1:1"],
  ["token flood", "- x\n".repeat(200_000), "VX-RECIPE-SIZE 4000:4"],
])("%s is refused at its place", (_, text, expected) => {
  const started = performance.now();
  expect(findings(text)).toContain(expected);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("one finding for a limit that is passed many times, one for each key that stands too deep", () => {
  const uses = Array<string>(300).fill("*a").join(", ");
  expect(findings(`a: &a 1\nb: [${uses}]\n`)).toEqual(["VX-RECIPE-ALIAS 2:405"]);
  expect(findings("a:\n  b: 1\n   c: 2\n   d: 3\n")).toEqual(["VX-RECIPE-YAML 3:4"]);
});

test.each([
  ["a:1\nb: 2\n", "the line is neither `key: value`", "a space behind the colon"],
  ["a: 'x\n", "a quote is not closed", "Close it"],
  ["a: { b: 1\nc: 2\n", "a [ or { is not closed before this place", "Close it"],
  ["a: [b c: d]\ne: {f: 1 g: 2}\n", "", ""],
  ["a:\n  b: 1\n   c: 2\n", "the key stands deeper than the one above", "in the same column"],
  ["a: x: y\n", "a value holds a colon and a space", "in quotes"],
  ["a: *\n", "a value begins with a lone * or &", 'quotes: "*"'],
  ["a: **.attn\n", "alias **.attn has no anchor", 'A pattern that begins with * needs quotes: "**.attn"'],
  ['a: "\\d"\n', "Invalid escape sequence \\d", "single quotes"],
  ["a: @b\n", "cannot start with reserved character @", "in quotes"],
  ["a:\n  - b: 1\n   c: 2\n", "an entry of a list begins without `- `", "Indent the line like the keys"],
  ['a: ["x" "y"]\n', "without a comma", "Put a comma"],
  ["a: { b: 1 c: 2 }\n", "a value in [ ] or { } holds a colon", "Put a comma"],
  ["? [a]\n: 1\n", "a key is a list", "Keys are words"],
  ["a: !!int 1\n", "the tag !!int is not used", "Remove it"],
  ["a: 1\n---\nb: 1\n", "a second document begins", "Remove the line `---`"],
])("%j tells what is wrong and what to do", (text, message, hint) => {
  expect(() => parseYaml(text, "r.yaml")).toThrow(
    expect.objectContaining({
      diagnostic: expect.objectContaining({ message: expect.stringContaining(message), hint: expect.stringContaining(hint) }),
    }),
  );
});

test("of several errors in one line the first is told", () => {
  expect(findings("a: b: c: d\n")).toEqual(["VX-RECIPE-YAML 1:4"]);
});

test("an alias bomb ends at the cap on values", () => {
  const lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"];
  for (let i = 1; i < 9; i += 1)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  expect(findings(lines.join("\n"))[0]).toMatch(/^VX-RECIPE-(ALIAS|SIZE)/);
});

test("__proto__ is a key like any other", () => {
  const { data } = parseYaml("__proto__: { polluted: 1 }\nconstructor: 2\n", "r.yaml");
  expect(Object.keys(data as object)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("positions tell keys from values", () => {
  const { positions } = parseYaml("a:\n  - b: 1\n    c: two\n", "r.yaml");
  expect(positions.of(["a", 0, "c"])).toEqual({ file: "r.yaml", line: 3, column: 8 });
  expect(positions.ofKey(["a", 0, "c"])).toEqual({ file: "r.yaml", line: 3, column: 5 });
  expect(positions.of(["a", 0, "missing"])).toEqual({ file: "r.yaml", line: 2, column: 5 });
});

test.each([
  ["UTF-16 LE", [0xff, 0xfe, 0x61, 0], "UTF-16"],
  ["UTF-16 BE", [0xfe, 0xff, 0, 0x61], "UTF-16"],
  ["UTF-32", [0xff, 0xfe, 0, 0], "UTF-32"],
  ["UTF-16 without mark", [0x61, 0, 0x3a, 0], "NUL"],
  ["Latin-1", [0x61, 0x3a, 0xe4, 0x0a], "offset 3"],
])("%s is named", (_, bytes, word) => {
  expect(() => readText(Uint8Array.from(bytes), "r.yaml")).toThrow(word);
});

test("a UTF-8 byte order mark is no part of the text", () => {
  expect(readText(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61]), "r.yaml")).toBe("a");
});

test("a carriage return alone ends a line, with a line feed it stays", () => {
  const text = readText(Buffer.from("version: 1\r# note\rb: 2\r\nc: 3"), "r.yaml");
  expect(text).toBe("version: 1\n# note\nb: 2\r\nc: 3");
  expect(parseYaml(text, "r.yaml").data).toEqual({ version: 1, b: 2, c: 3 });
});

test("any text gives data or coded findings", () => {
  const piece = fc.constantFrom(
    "a",
    ":",
    " ",
    "\n",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "\t",
    "&x ",
    "*x",
    "!t ",
    '"',
    "'",
    "|",
    ">",
    "?",
    "#",
    "%",
    "~",
    "1",
    "\r",
    "é",
    "<<",
    ",",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      for (const finding of findings(pieces.join(""))) expect(finding).toMatch(/^VX-RECIPE-/);
    }),
    { numRuns: 3000 },
  );
});
