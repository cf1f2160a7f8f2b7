import { expect, test } from "vitest";
import { printable } from "./printable.js";

test("what moves a cursor or ends a line is an escape, other text stays", () => {
  expect(printable("a\u001b[2Jb\nc\td\u009b\u0000")).toBe(String.raw`a\u001b[2Jb\nc\td\u009b\u0000`);
  expect(printable("größe 模型 😀 \\n")).toBe("größe 模型 😀 \\n");
});
