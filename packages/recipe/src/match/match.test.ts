import fc from "fast-check";
import { expect, test } from "vitest";
import { globMatches } from "./glob.js";
import { parseNamePattern } from "./name-pattern.js";
import { blockCounter, parseRolePattern } from "./role-pattern.js";

const ROLES = [
  "vision.patch_embed",
  "vision.block.0.attn.q",
  "vision.block.11.mlp.fc1",
  "vision.block.11.norm1",
  "vision",
  "language.block.3.mlp.down",
];
const blocks = blockCounter(ROLES);

test.each([
  ["vision.**", ["vision.patch_embed", "vision.block.0.attn.q", "vision.block.11.mlp.fc1", "vision.block.11.norm1", "vision"]],
  ["vision.*", ["vision.patch_embed"]],
  ["**.norm*", ["vision.block.11.norm1"]],
  ["*.block.{0..3}.**", ["vision.block.0.attn.q", "language.block.3.mlp.down"]],
  ["vision.block.-1.**", ["vision.block.11.mlp.fc1", "vision.block.11.norm1"]],
  ["vision.block.{-12..-12}.**", ["vision.block.0.attn.q"]],
  ["**.{attn,mlp}.*", ["vision.block.0.attn.q", "vision.block.11.mlp.fc1", "language.block.3.mlp.down"]],
  ["**.fc{1..2}", ["vision.block.11.mlp.fc1"]],
  ["**", ROLES],
])("role pattern %s", (text, expected) => {
  const pattern = parseRolePattern(text);
  expect(ROLES.filter((role) => pattern.matches(role, blocks))).toEqual(expected);
});

test.each([
  ["a..b", "a segment is empty"],
  ["a.{b", "braces do not pair up"],
  ["a.b}", "braces do not pair up"],
  ["{{a}}", "braces inside braces"],
  ["a.x**", '"**" must stand alone'],
  ["a.{5..2}", "the range 5..2 is empty"],
  ["a.x{0..99999999}", "more than 1000 alternatives"],
  ["a.{,}", "an alternative in {…} is empty"],
])("role pattern %s is refused", (text, message) => {
  expect(() => parseRolePattern(text)).toThrow(message);
});

test("a glob agrees with the regular expression of the same meaning", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 }),
      fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 }),
      (pattern, text) => {
        expect(globMatches(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text));
      },
    ),
  );
});

test("a name between slashes is a regular expression found anywhere", () => {
  expect(parseNamePattern("/lm_head|proj$/").matches("/model/lm_head/MatMul")).toBe(true);
  expect(parseNamePattern("/lm_head").matches("/lm_head")).toBe(true);
  expect(parseNamePattern("*lm_head*").matches("/model/lm_head/MatMul")).toBe(true);
  expect(() => parseNamePattern("/(/")).toThrow(SyntaxError);
});

test("an expression that would backtrack for ever ends at once", () => {
  const started = performance.now();
  expect(parseNamePattern("/^(a+)+$/").matches(`${"a".repeat(5000)}b`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(5000);
});
