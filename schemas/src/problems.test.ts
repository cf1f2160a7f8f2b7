import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compatRulesSchema, type JsonSchema, manifestSchema, problemLine, problemsOf, recipeSchema, reportSchema } from "./index.js";
import { DECIDING_WORDS } from "./schema-words.js";

const SCHEMAS = { compatRulesSchema, manifestSchema, recipeSchema, reportSchema };
const DESCRIBING_WORDS = ["$id", "$schema", "definitions", "description", "title"];

test.each(Object.entries(SCHEMAS))("%s has only words that are checked", (_, schema) => {
  const known = new Set<string>([...DECIDING_WORDS, ...DESCRIBING_WORDS]);
  const visit = (part: unknown): void => {
    if (typeof part !== "object") return;
    const { definitions = {}, properties = {}, anyOf = [], items, additionalProperties } = part as JsonSchema;
    expect(Object.keys(part as object).filter((word) => !known.has(word))).toEqual([]);
    for (const inner of [...Object.values(definitions), ...Object.values(properties), ...anyOf, items, additionalProperties]) visit(inner);
  };
  visit(schema);
});

const RECIPE = {
  version: 1,
  extends: ["preset:int8"],
  model: { shapes: { image: [1, 3, 16, 16] }, image: { size: [16, 16], mean: [0.5] } },
  calibration: { data: "random", samples: 4, method: "percentile", percentile: 99.9 },
  rules: [
    { match: { role: "vision.**", op: ["MatMul"], layers: "0..2" }, weights: { dtype: "int4", granularity: "block", blockSize: 32 } },
    { match: { name: ["/head/"] }, keep: "float16" },
    { match: { weighted: true }, weights: { dtype: "int8", algorithm: { name: "rtn" } }, activations: "float", equalize: true },
  ],
  gates: { maxDegradation: "2%", minCosine: 0.9 },
  targets: { tflite: { io: "int8" } },
  plugins: ["a"],
};

const SHA = "0".repeat(64);
const TENSOR = { component: "main", value: "w", key: "w_q", storage: "i8", granularity: "channel", intSha256: SHA, reencodings: [] };
const MANIFEST = {
  schemaVersion: 1,
  tool: { name: "vlm-export", version: "1" },
  graphHash: SHA,
  recipeHash: SHA,
  targets: { a: { backend: "a", formatVersion: "1", folder: "a", files: [{ path: "m", sizeBytes: 1, sha256: SHA }], tensors: [TENSOR] } },
};

/** Every place of the document, to be replaced, removed or given a neighbour. */
function places(data: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof data !== "object" || data === null) return [path];
  return [path, ...Object.entries(data).flatMap(([key, value]) => places(value, [...path, Array.isArray(data) ? Number(key) : key]))];
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    1,
    -1,
    2.5,
    1e9,
    Number.NaN,
    Infinity,
    "",
    "int8",
    "float",
    "rtn",
    "3%",
    "1..3",
    [],
    {},
    [1],
    ["x"],
  ),
  fc.string({ maxLength: 5 }),
  fc.constantFrom<unknown>({ dtype: "int8" }, { name: "awq" }, { outliers: "float16" }, { op: "Conv" }, { unknown: 1 }, [[]], [{}]),
);

test.each([
  ["recipe", recipeSchema, RECIPE],
  ["manifest", manifestSchema, MANIFEST],
] as const)("a changed %s is refused exactly when a general validator refuses it", (_, schema, seed) => {
  const validate = new Ajv({ strict: false, strictNumbers: true }).compile(schema);
  expect(problemsOf(schema, seed)).toEqual([]);
  const all = places(seed);
  let [kept, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(all.length - 1), odd, fc.boolean()), { minLength: 1, maxLength: 2 }), (edits) => {
      const data = edits.reduce(
        (current, [at, value, beside]) => edited(current, all[at]!, value, beside),
        structuredClone(seed) as unknown,
      );
      const problems = problemsOf(schema, data);
      expect(problems.length === 0).toBe(validate(data));
      if (problems.length === 0) kept += 1;
      else refused += 1;
    }),
    { numRuns: 1500 },
  );
  expect(Math.min(kept, refused)).toBeGreaterThan(50); // both happen
});

function edited(data: unknown, [step, ...rest]: readonly (string | number)[], value: unknown, beside: boolean): unknown {
  if (step === undefined) return beside && typeof data === "object" ? { ...data, extra: value } : value;
  if (typeof data !== "object" || data === null || !Object.hasOwn(data, step)) return data;
  const inner = edited((data as Record<string, unknown>)[step], rest, value, beside);
  return Array.isArray(data) ? data.map((item, i) => (i === step ? inner : item)) : { ...data, [step]: inner };
}

const problem = (data: unknown): readonly string[] =>
  problemsOf(recipeSchema, data).map(({ path, word, key }) => [path.join("."), word, key].filter(Boolean).join(" "));

test.each([
  ["only the form of the right type speaks", { version: 1, model: { shapes: { x: [1, -1] } } }, ["model.shapes.x.1 minimum"]],
  ["no form of that type: the choice itself", { version: 1, model: { shapes: { x: true } } }, ["model.shapes.x anyOf"]],
  [
    "a wrong word among forms with words: the choice itself",
    { version: 1, rules: [{ match: { op: "A" }, weights: "flaot" }] },
    ["rules.0.weights anyOf"],
  ],
  ["a value of the wrong type is one problem", { version: 1, calibration: { samples: Number.NaN } }, ["calibration.samples type"]],
  ["missing and unknown keys are named", { rulez: 1 }, ["required version", "additionalProperties rulez"]],
  ["names of the prototype are no known keys", { version: 1, constructor: 1 }, ["additionalProperties constructor"]],
])("%s", (_, data, expected) => {
  expect(problem(data)).toEqual(expected);
});

test.each([
  [{ schemaVersion: 1, tool: {}, graphHash: SHA, recipeHash: SHA, targets: {} }, "tool: name is missing"],
  [
    { ...MANIFEST, targets: { a: { ...MANIFEST.targets.a, files: [{ path: "m", sizeBytes: -1, sha256: SHA }] } } },
    "targets.a.files[0].sizeBytes: minimum 0 does not hold",
  ],
  [{ ...MANIFEST, more: 1 }, "the document: more is unknown"],
])("a problem in a line", (manifest, line) => {
  expect(problemLine(problemsOf(manifestSchema, manifest)[0]!)).toBe(line);
});
