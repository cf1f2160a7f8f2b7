import { type Backend, defineBackend, integerValues, scaleValues, type Tensors, zeroPointValues } from "@vlm-export/backend-api";
import nullBackend from "@vlm-export/backend-null";
import { elementCount, f32Tensor, GraphEditor, memoryTensor, type Model, onlyComponent, type QuantSpec, type Value } from "@vlm-export/ir";
import { type IntegerType, pack } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { conformanceCases } from "../cases/cases.js";
import { referenceOutputs } from "../reference.js";
import { numeric } from "./numeric.js";
import type { SuiteNote } from "./suite.js";

const ops = standardOps();

function modelNamed(name: string): Model {
  return conformanceCases.find((each) => each.name === name)!.build(ops);
}

/** The suite on a case, with an engine that runs `run`. */
function check(name: string, run: (inputs: Tensors) => Tensors): Promise<SuiteNote> {
  const backend = defineBackend({
    ...(nullBackend as Backend),
    name: "answering",
    open: async () => ({ name: "engine", version: "1", run: async (inputs) => run(inputs), close: async () => undefined }),
  });
  return numeric.check({ backend, ops, environment: {}, idleMs: 1000 }, modelNamed(name));
}

/** The suite on a case, with an engine that computes it exactly after `change`. */
function checkChanged(name: string, change: (edit: GraphEditor) => void): Promise<SuiteNote> {
  return check(name, (inputs) => {
    const model = modelNamed(name);
    change(new GraphEditor(ops, onlyComponent(model)));
    return referenceOutputs(ops, model, { inputs, lost: new Set() });
  });
}

function quantOf({ type }: Value): QuantSpec & Required<Pick<QuantSpec, "scale">> {
  const { quant } = type;
  if (!quant?.scale) throw new Error("not quantized");
  return { ...quant, scale: quant.scale };
}

/** Makes every zero point of a value one higher. */
function shiftZeroPoint(edit: GraphEditor, name: string): void {
  const value = edit.graph.value(name)!;
  const quant = quantOf(value);
  const { shape } = quant.scale;
  const known = zeroPointValues(quant);
  const points = Array.from({ length: elementCount(shape) }, (_, i) => (known[i] ?? 0) + 1);
  const zeroPoint = memoryTensor(quant.storage, shape, pack(points, quant.storage as IntegerType));
  edit.retype(value, { ...value.type, quant: { ...quant, zeroPoint } });
}

/** Moves each scale to the group before. */
function turnScales(edit: GraphEditor, name: string): void {
  const value = edit.graph.value(name)!;
  const quant = quantOf(value);
  const [first, ...others] = scaleValues(quant);
  edit.retype(value, { ...value.type, quant: { ...quant, scale: f32Tensor([...others, first!], quant.scale.shape) } });
}

function changeIntegers(edit: GraphEditor, name: string, change: (codes: readonly number[]) => readonly number[]): void {
  const value = edit.graph.value(name)!;
  const data = value.data!;
  const codes = [...change(integerValues(data))];
  edit.setData(value, memoryTensor(data.dtype, data.shape, pack(codes, data.dtype as IntegerType)), value.type);
}

const swapPairs = (codes: readonly number[]): readonly number[] => codes.map((code, i) => codes[i ^ 1] ?? code);

/** Puts the first operand of the last node in the place of its result. */
function dropLast(edit: GraphEditor): void {
  const last = edit.graph.nodes.at(-1)!;
  edit.replaceAllUses(last.outputs[0]!, last.inputs[0]!);
}

function swapBranches(edit: GraphEditor): void {
  const conditional = edit.graph.nodes.find(({ op }) => op === "If")!;
  const { then_branch, else_branch } = conditional.attrs;
  edit.setAttrs(conditional, { then_branch: else_branch!, else_branch: then_branch! });
}

test.each(conformanceCases)("an engine that computes what the graph says passes: $name", async ({ name }) => {
  expect(await checkChanged(name, () => undefined)).toEqual({ status: "passed", detail: "engine 1: 1 outputs" });
});

const WEIGHT_ONLY = "weight-only i8 per channel";
const INSIDE_IF = "weight-only inside If";

test.each<readonly [string, string, (edit: GraphEditor) => void]>([
  ["scales of other channels", WEIGHT_ONLY, (edit) => turnScales(edit, "w")],
  ["scales of other blocks", "weight-only i4 per block of 32", (edit) => turnScales(edit, "w")],
  ["scales of other filters", "static Conv with int32 bias", (edit) => turnScales(edit, "w")],
  ["zero points of a weight off by one", "weight-only u8 per channel, asymmetric", (edit) => shiftZeroPoint(edit, "w")],
  ["zero points of blocks off by one", "weight-only u4 per block of 32, asymmetric", (edit) => shiftZeroPoint(edit, "w")],
  ["nibbles in the other order", "weight-only i4 per channel", (edit) => changeIntegers(edit, "w", swapPairs)],
  ["a sign shift too many", WEIGHT_ONLY, (edit) => changeIntegers(edit, "w", (codes) => codes.map((q) => ((q + 256) % 256) - 128))],
  ["an int32 bias of 0", "static Conv with int32 bias", (edit) => changeIntegers(edit, "b", (codes) => codes.map(() => 0))],
  ["a float bias that is left out", "weight-only with a float bias", dropLast],
  ["scales of other channels inside If", INSIDE_IF, (edit) => turnScales(edit, "shared")],
  ["the other branch", INSIDE_IF, swapBranches],
])("an engine that computes with %s fails", async (_, name, change) => {
  await expect(checkChanged(name, change)).rejects.toThrow(/is not what the graph computes: .* at element \d+ \S+ instead of/);
});

test.each<readonly [string, Tensors, string]>([
  ["none", new Map(), 'output "y" is missing'],
  ["another shape", new Map([["y", f32Tensor([1, 2], [2])]]), 'output "y" has shape [2], the graph\'s is [4,32]'],
  ["NaN", new Map([["y", f32Tensor(new Float32Array(128).fill(Number.NaN), [4, 32])]]), 'output "y" is not finite at element 0'],
])("other outputs fail: %s", async (_, answer, says) => {
  await expect(check(WEIGHT_ONLY, () => answer)).rejects.toThrow(says);
});
