import { expect, test } from "vitest";
import { VxError } from "./diagnostic.js";
import { GraphEditor } from "./editor.js";
import type { OpDef, OpRegistry } from "./op-def.js";
import { f32Tensor } from "./tensor-data.js";

const relu: OpDef = {
  name: "Relu",
  doc: "max(x, 0)",
  since: 14,
  inputs: [{ name: "X", quantizable: "activation" }],
  quant: "compute",
  infer: ([x]) => [x ?? { dtype: "unknown", shape: undefined }],
};
const fussy: OpDef = {
  ...relu,
  name: "Fussy",
  infer: () => {
    throw new VxError({ code: "VX-OP-TEST", severity: "error", message: "no", where: { stage: "import" } });
  },
};
const identity: OpDef = { ...relu, name: "Identity" };
const ops: OpRegistry = { get: (name) => [relu, fussy, identity].find((def) => def.name === name), all: new Map() };
const F32 = { dtype: "f32", shape: [2, "n"] } as const;

test("inserting a node gives its output the type that the op's rule says", () => {
  const edit = new GraphEditor(ops, "g");
  const [y] = edit.insert("Relu", [edit.addInput("x", F32)]);
  expect(y?.type).toEqual(F32);
});

test("a refusing shape rule names the node", () => {
  const edit = new GraphEditor(ops, "g");
  expect(() => edit.insert("Fussy", [edit.addInput("x", F32)], {}, { name: "here" })).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ where: { stage: "import", node: "here" } }) }),
  );
});

test("replacing a graph output keeps its name, and an input that becomes an output is borne by an Identity", () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", F32);
  const [a] = edit.insert("Relu", [x], {}, { outputs: ["y"], origin: ["relu"], role: "vision" });
  edit.addOutput(a!);
  const [b] = edit.insert("Relu", [x]);
  edit.replaceAllUses(a!, b!);
  expect(edit.graph.outputs.map((value) => value.name)).toEqual(["y"]);
  expect(b?.producer).toMatchObject({ origin: ["relu"], role: "vision" });
  edit.erase(a!.producer!);
  edit.replaceAllUses(b!, x);
  expect(edit.graph.outputs[0]?.name).toBe("y");
  expect(edit.graph.outputs[0]?.producer?.op).toBe("Identity");
});

test("a value that is several graph outputs is replaced in all of them, under its name", () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", F32);
  const [a] = edit.insert("Relu", [x], {}, { outputs: ["y"] });
  for (const output of [a!, x, a!]) edit.addOutput(output);
  const [b] = edit.insert("Relu", [x]);
  edit.replaceAllUses(a!, b!);
  expect(edit.graph.outputs.map(({ name }) => name)).toEqual(["y", "x", "y"]);
  expect(edit.graph.outputs[2]).toBe(b);
  const [c] = edit.insert("Relu", [x]);
  edit.setOutput(2, c!);
  expect(edit.graph.outputs.map(({ name }) => name)).toEqual(["y", "x", "y"]);
  expect(edit.graph.outputs[0]).toBe(c);
});

test("what is known of the shape of an output stays known when another value, of which less is, takes its place", () => {
  const edit = new GraphEditor(ops, "g");
  const unknown = edit.addInput("x", { dtype: "f32", shape: undefined });
  const [y] = edit.insert("Relu", [unknown], {}, { outputs: ["y"], types: [F32] });
  edit.addOutput(y!);
  edit.replaceAllUses(y!, unknown);
  expect(edit.graph.outputs.map(({ name, type }) => [name, type])).toEqual([["y", F32]]);
  edit.replaceAllUses(edit.graph.outputs[0]!, edit.insert("Relu", [unknown])[0]!);
  expect(edit.graph.outputs.map(({ name, type, producer }) => [name, type, producer?.op])).toEqual([["y", F32, "Relu"]]);
});

test("a changed type travels to all readers", () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", F32);
  const [y] = edit.insert("Relu", [x]);
  const [z] = edit.insert("Relu", [y!]);
  edit.retype(x, { dtype: "f32", shape: [2, 7] });
  expect(z?.type.shape).toEqual([2, 7]);
});

test("settle puts producers first and refuses a cycle by name", () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", F32);
  const [y] = edit.insert("Relu", [x], {}, { name: "first" });
  const [z] = edit.insert("Relu", [x], {}, { name: "second" });
  edit.replaceInput(y!.producer!, 0, z!);
  edit.settle();
  expect(edit.graph.nodes.map((node) => node.name)).toEqual(["second", "first"]);
  edit.replaceInput(z!.producer!, 0, y!);
  expect(() => edit.settle()).toThrow(expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-IMPORT-CYCLE" }) }));
});

test("a fresh name has the lowest free number, also after a lower one became free", () => {
  const edit = new GraphEditor(ops, "g");
  const taken = Array.from({ length: 4 }, () => edit.addConstant(edit.freshName("c"), f32Tensor([1], [1])));
  expect(taken.map(({ name }) => name)).toEqual(["c", "c_1", "c_2", "c_3"]);
  edit.rename(taken[1]!, "other");
  expect([edit.freshName("c"), edit.freshName("c")]).toEqual(["c_1", "c_1"]);
  edit.eraseConstant(taken[0]!);
  expect(edit.freshName("c")).toBe("c");
});

test("a name can be given once; erasing what is read is refused", () => {
  const edit = new GraphEditor(ops, "g");
  const w = edit.addConstant("__proto__", f32Tensor([1], [1]));
  expect(() => edit.addInput("__proto__", F32)).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-IMPORT-DUPLICATE-NAME" }) }),
  );
  const [y] = edit.insert("Relu", [w]);
  expect(() => edit.eraseConstant(w)).toThrow("still read");
  edit.erase(y!.producer!);
  edit.eraseConstant(w);
  expect(edit.graph.constants).toEqual([]);
});
