import { expect, test } from "vitest";
import { displayWidth } from "./display-width.js";
import { textTable } from "./text-table.js";

test.each([
  ["plain", 5],
  ["größe →", 7],
  ["画像", 4],
  ["ﾊﾝｶｸ", 4],
  ["ｆｕｌｌ", 8],
  ["e\u0301", 1],
  ["a\u200bb", 2],
  ["👩‍🔬", 2],
  ["𝛼", 1],
])("%s takes %i columns of a terminal", (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test("columns line up as a terminal shows them, numbers to the right, and no control character gets there", () => {
  const text = textTable(
    ["value", "n", "note"],
    [
      ["画像", 1, ""],
      ["𝛼\n", 20, "x"],
    ],
  );
  expect(text.split("\n")).toEqual(["value   n  note", "─────  ──  ────", "画像    1", String.raw`𝛼\n    20  x`]);
});

test("a table has a header without rows, and takes more rows than a call has arguments", () => {
  expect(textTable(["a", "bc"], [])).toBe("a  bc\n─  ──");
  expect(
    textTable(
      ["a"],
      Array.from({ length: 200_000 }, () => ["x"]),
    ).split("\n"),
  ).toHaveLength(200_002);
});
