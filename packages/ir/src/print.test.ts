import fc from "fast-check";
import { expect, test } from "vitest";
import { GraphEditor } from "./editor.js";
import { parseGraph } from "./parse.js";
import { printGraph } from "./print.js";
import { contentHash, f32Tensor, memoryTensor } from "./tensor-data.js";
import type { OpRegistry } from "./op-def.js";

const NO_OPS: OpRegistry = { get: () => undefined, all: new Map() };
const names = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "a.b", "_", "graph", "return", "\u202eodd", 'with "quotes"\n', "0x"),
  fc.string({ maxLength: 12 }),
);

function sampleGraph(name: string, label: string, scale: number): GraphEditor {
  const edit = new GraphEditor(NO_OPS, name);
  const x = edit.addInput(edit.freshName(`in ${label}`), { dtype: "f32", shape: ["batch", "seq+1", 4] });
  const spec = {
    storage: "i8",
    range: [-127, 127],
    granularity: "channel",
    mode: "static",
    scale: f32Tensor([scale, 1], [1, 2]),
    realRange: [-scale, scale],
  } as const;
  const w = edit.addConstant(
    edit.freshName(label),
    memoryTensor("i8", [4, 2], new Uint8Array([1, 2, 3, 4, 5, 6, 7, 255])),
    { dtype: "f32", shape: [4, 2], quant: spec },
    "vision.block.0.w",
  );
  const [y] = edit.insert(
    "MatMul",
    [x, w, null],
    { [label]: scale, list: [1, -0, 2.5], words: ["a", label], flag: true, big: 9223372036854775807n, t: f32Tensor([1], []) },
    { outputs: [edit.freshName("y"), null], types: [{ dtype: "f32", shape: undefined }, undefined], origin: [label], role: "vision" },
  );
  const body = new GraphEditor(NO_OPS, "body");
  body.addOutput(body.addCapture("outer", { dtype: "f32", shape: [] }));
  const [z] = edit.insert(
    "If",
    [y!],
    { then_branch: { kind: "graph", graph: body.graph }, raw: { kind: "opaque", bytes: new Uint8Array([9, 8]) } },
    { captures: new Map([["outer", y!]]) },
  );
  edit.addOutput(z!);
  edit.addOutput(x);
  return edit;
}

test("parse ∘ print is the identity, whatever names and numbers occur", () => {
  fc.assert(
    fc.property(names, names, fc.float({ noNaN: true }), (name, label, scale) => {
      const text = printGraph(sampleGraph(name, label, scale).graph);
      expect(printGraph(parseGraph(text))).toBe(text);
    }),
  );
});

test("large constants are printed by hash and found again through the resolver", () => {
  const { graph } = sampleGraph("g", "w", 0.5);
  const data = graph.constants[0]!.data!;
  const text = printGraph(graph, { inlineLimitBytes: 7 });
  expect(text).toContain(`sha256 "${contentHash(data)}"`);
  const known = new Map([data, graph.constants[0]!.type.quant!.scale!, f32Tensor([1], [])].map((tensor) => [contentHash(tensor), tensor]));
  expect(printGraph(parseGraph(text, { resolve: (sha256) => known.get(sha256) }))).toBe(printGraph(graph));
  expect(() => parseGraph(text)).toThrow("no data for the constant");
});

test.each([
  ["graph g {\n  return %x\n}", "line 2"],
  ["graph g {\n  input %x f32[1]\n}", "expected :"],
  ["graph g { input %x: f99[1] return %x }", "unknown element type f99"],
  ["graph g { input %x: toString[1] return %x }", "unknown element type toString"],
  ['graph g { const %c: f32[2] = f32[2] "AAAA" return %c }', "another number of bytes"],
  ["graph g { return } trailing", "expected the end"],
  ["graph g { ; }", "unexpected character"],
])("text %j is refused with a code", (text, message) => {
  let caught: unknown;
  try {
    parseGraph(text);
  } catch (error) {
    caught = error;
  }
  expect(caught).toMatchObject({ diagnostic: { code: "VX-IMPORT-IR-TEXT" } });
  const { line } = (caught as { diagnostic: { where: { line: number } } }).diagnostic.where;
  expect(`line ${line} ${(caught as Error).message}`).toContain(message);
});
