import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyTree, type TreeCopy } from "./tree-copy.js";

const CHANGED = ["packages/ops", "packages/passes", "packages/backend-sketch-book"];

let tree: TreeCopy;
beforeAll(() => {
  tree = copyTree();
  const include = CHANGED.map((folder) => `${folder}/src`);
  writeFileSync(join(tree.path, "tsconfig.made.json"), JSON.stringify({ extends: "./tsconfig.check.json", include }));
});
afterAll(() => tree.remove());

const scaffold = (...args: readonly string[]) => tree.node("scripts/new.mjs", ...args);
const OP_TEST = "packages/ops/src/ops/det.test.ts";

const MADE: readonly (readonly [kind: string, name: string, file: string])[] = [
  ["op", "Det", "packages/ops/src/ops/det.ts"],
  ["pass", "drop-two-negations", "packages/passes/src/drop-two-negations.ts"],
  ["backend", "sketch-book", "packages/backend-sketch-book/src/index.ts"],
];

test.each(MADE)("new:%s %s writes %s and says what is next", (kind, name, file) => {
  const { code, text } = scaffold(kind, name);
  expect(text).toContain(`${file}\n`);
  expect(text).toContain("Next");
  expect(code).toBe(0);
  expect(existsSync(join(tree.path, file))).toBe(true);
});

test("the backend is one of those that the conformance kit is run on", () => {
  expect(readFileSync(join(tree.path, "test/conformance/built-in.test.ts"), "utf8")).toContain('"onnx-qdq", "sketch-book", "tflite"]');
});

const REFUSED: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["op", "Det"], /det\.ts exists already/],
  [["op", "Dett"], /no operator "Dett" at opset \d+\. Spelled alike: .*Det/],
  [["op", "vlm::Swish"], /quick-gelu\.ts/],
  [["pass", "DropNegations"], /no name in kebab case/],
  [["backend", "null"], /packages\/backend-null\/tsconfig\.json exists already/],
  [["model", "llava"], /Usage: npm run new:op\|pass\|backend NAME/],
  [["pass"], /Usage: npm run new:pass NAME/],
];

test.each(REFUSED)("new:%s is refused and nothing is written", (args, message) => {
  const registry = readFileSync(join(tree.path, "packages/ops/src/registry.ts"), "utf8");
  const { code, text } = scaffold(...args);
  expect(text).toMatch(message);
  expect(code).toBe(1);
  expect(readFileSync(join(tree.path, "packages/ops/src/registry.ts"), "utf8")).toBe(registry);
});

/** The tools of `npm run check`, on the packages that were changed. */
const TOOLS: readonly (readonly [what: string, program: string, args: readonly string[]])[] = [
  ["formatted", "@biomejs/biome/bin/biome", ["format", ...CHANGED]],
  ["typed", "ts7/bin/tsc", ["-p", "tsconfig.made.json"]],
  ["in its layer", "dependency-cruiser/bin/dependency-cruise.mjs", ["--config", ".dependency-cruiser.cjs", "packages/backend-sketch-book"]],
  ["without a lint", "oxlint/bin/oxlint", ["--deny-warnings", ...CHANGED]],
];

test.each(TOOLS)("what was made is %s", (_, program, args) => {
  const { code, text } = tree.node(join("node_modules", program), ...args);
  expect(code, text).toBe(0);
});

test("the tests of the pass and the backend pass as they are, that of the op fails, and all ops keep their laws", () => {
  const files = [
    OP_TEST,
    "packages/ops/src/registry.test.ts",
    "packages/ops/src/infer-laws.test.ts",
    "packages/passes/src/drop-two-negations.test.ts",
    "packages/backend-sketch-book/src/index.test.ts",
  ];
  const { failures, passedFiles } = vitest(...files);
  expect(failures).toEqual([expect.stringMatching(/^AssertionError[^]*det\.test\.ts/)]);
  expect(passedFiles).toBe(files.length - 1);
});

test("the op's test passes once formula and numbers are filled in", () => {
  edit("packages/ops/src/ops/det.ts", "call.shape(0) }],", `call.shape(0)?.slice(0, -2) }],\n${EVALUATE}`);
  edit("packages/ops/src/ops/det.ts", "import", 'import { numbersOf, tensorOf } from "../small-tensor.js";\nimport');
  edit(OP_TEST, '[2, 2], numbers: "worked out by hand from the ONNX definition"', "[], numbers: [-2]");
  expect(vitest(OP_TEST)).toEqual({ failures: [], passedFiles: 1 });
});

const EVALUATE = `evaluate: (call) => {
  const [a = 0, b = 0, c = 0, d = 0] = numbersOf(call.data(0));
  return [tensorOf("f32", [], [a * d - b * c])];
},`;

function edit(file: string, before: string, after: string): void {
  const path = join(tree.path, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(before);
  writeFileSync(path, text.replace(before, after));
}

/** Runs test files of the copy. */
function vitest(...files: readonly string[]): { readonly failures: readonly string[]; readonly passedFiles: number } {
  const results = join(tree.path, "results.json");
  tree.node("node_modules/vitest/vitest.mjs", "run", "--reporter=json", `--outputFile=${results}`, ...files);
  const { testResults } = JSON.parse(readFileSync(results, "utf8")) as { testResults: readonly FileResult[] };
  return {
    failures: testResults.flatMap(({ message, assertionResults }) => [
      ...(message ? [message] : []),
      ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
    ]),
    passedFiles: testResults.filter(({ status }) => status === "passed").length,
  };
}

interface FileResult {
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly failureMessages: readonly string[] }[];
}
