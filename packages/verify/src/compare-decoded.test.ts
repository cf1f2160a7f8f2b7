import type { Decoded, DecodedTensor } from "@vlm-export/backend-api";
import {
  f32Tensor,
  GraphEditor,
  i64Tensor,
  memoryTensor,
  type Model,
  type TensorData,
  type TensorType,
  widenedTensor,
} from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { compareDecoded } from "./compare-decoded.js";

const WINDOW = 1 << 20;
const losses: readonly never[] = [];
const located = [{ component: "main", value: "bias", key: "bias" }];

/** y = x · w + bias with w in 8 bits and a bias of several windows. */
function modelOf(bias: TensorData): Model {
  const edit = new GraphEditor(standardOps(), "main");
  const columns = bias.shape[0] as number;
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 2] });
  const type: TensorType = {
    dtype: "f32",
    shape: [2, columns],
    quant: { storage: "i8", range: [-127, 127], granularity: "tensor", mode: "static", scale: f32Tensor([0.5], [1, 1]) },
  };
  const weight = memoryTensor("i8", [2, columns], new Uint8Array(2 * columns).fill(3));
  const [product] = edit.insert("MatMul", [x, edit.addConstant("w", weight, type)]);
  const [y] = edit.insert("Add", [product!, edit.addConstant("bias", bias)]);
  edit.addOutput(y!);
  return { name: "m", components: new Map([["main", edit.graph]]), links: [], metadata: new Map(), opsets: new Map(), sources: [] };
}

/** What an exact artifact holds. */
function decodedOf(model: Model): Decoded & { readonly tensors: readonly [DecodedTensor] } {
  const graph = model.components.get("main")!;
  const [ints, data] = [graph.value("w")!.data!, graph.value("bias")!.data!];
  const facts = { component: "main", value: "w", storage: "i8", zeroPoint: [], reencoded: [] } as const;
  return {
    decoder: "test",
    tensors: [{ ...facts, ints, scale: Float32Array.of(0.5) }],
    constants: [{ component: "main", value: "bias", data }],
  };
}

const bias = f32Tensor(
  Float32Array.from({ length: (WINDOW / 4) * 2 + 5 }, (_, i) => i),
  [(WINDOW / 4) * 2 + 5],
);
const model = modelOf(bias);

function flipped(data: TensorData, at: number): TensorData {
  const bytes = data.bytes().slice();
  bytes[at] = (bytes[at] as number) ^ 1;
  return memoryTensor(data.dtype, data.shape, bytes);
}

test("an exact artifact is equal in its quantized values and in its constants", () => {
  const proof = compareDecoded("t", model, decodedOf(model), { losses, constants: located });
  expect(proof).toMatchObject({ tensorsCompared: 1, tensorsDifferent: 0, constantsCompared: 1, constantsDifferent: 0, diagnostics: [] });
});

test.each([0, WINDOW - 1, WINDOW, WINDOW * 2 + 19])("one bit of a float constant at byte %i fails the proof, with the place", (at) => {
  const decoded = { ...decodedOf(model), constants: [{ component: "main", value: "bias", data: flipped(bias, at) }] };
  const proof = compareDecoded("t", model, decoded, { losses, constants: located });
  expect(proof).toMatchObject({ tensorsDifferent: 0, constantsCompared: 1, constantsDifferent: 1 });
  expect(proof.diagnostics).toMatchObject([
    { code: "VX-VERIFY-DECODE", message: `the artifact's tensor differs from byte ${at} of its elements on.`, where: { value: "bias" } },
  ]);
});

test.each([
  ["is not in the artifact", []],
  ["of another shape", [{ component: "main", value: "bias", data: { ...bias, shape: [1, bias.shape[0] as number] } }]],
])("a constant that %s fails the proof", (_what, constants) => {
  const proof = compareDecoded("t", model, { ...decodedOf(model), constants }, { losses, constants: located });
  expect(proof.constantsDifferent).toBe(1);
});

test("constants of which the target says nothing are not counted", () => {
  const proof = compareDecoded("t", model, decodedOf(model), { losses });
  expect(proof).not.toHaveProperty("constantsCompared");
});

test("a quantized value given as a plain constant is refused, unless the loss ledger has it", () => {
  const constants = [{ component: "main", value: "w", key: "w" }];
  const excused = [{ component: "main", value: "w", reason: "r", resolution: "fallback" }] as const;
  expect(compareDecoded("t", model, decodedOf(model), { losses, constants }).constantsDifferent).toBe(1);
  expect(compareDecoded("t", model, decodedOf(model), { losses: excused, constants }).constantsCompared).toBe(0);
});

test.each([
  ["integers", (tensor: DecodedTensor) => ({ ints: flipped(tensor.ints!, 7) }), "byte 7 of its integers"],
  ["a scale", () => ({ scale: Float32Array.of(0.25) }), "scale 0.25 at index 0"],
  ["a zero point", () => ({ zeroPoint: [1] }), "zeroPoint 1 at index 0"],
])("a difference in %s is found", (_what, change, message) => {
  const decoded = decodedOf(model);
  const [tensor] = decoded.tensors;
  const proof = compareDecoded("t", model, { ...decoded, tensors: [{ ...tensor, ...change(tensor) }] }, { losses });
  expect(proof.tensorsDifferent).toBe(1);
  expect(proof.diagnostics[0]?.message).toContain(message);
});

test("a widened constant may be stored as its 16-bit floats or as f32; one bit of either fails the proof", () => {
  const half = memoryTensor("bf16", [4], new Uint8Array([128, 63, 0, 192, 64, 64, 0, 0]));
  const wide = widenedTensor(half);
  const held = modelOf(wide);
  const differences = (data: TensorData): unknown => {
    const decoded = { ...decodedOf(held), constants: [{ component: "main", value: "bias", data }] };
    return compareDecoded("t", held, decoded, { losses, constants: located }).constantsDifferent;
  };
  expect([half, wide, flipped(half, 3), flipped(wide, 15)].map(differences)).toEqual([0, 0, 1, 1]);
  expect(differences(memoryTensor("f16", [4], half.bytes()))).toBe(1);
});

test("a constant may be stored in a type that holds the same numbers: i64 as i32, 16-bit floats as f32", () => {
  const half = memoryTensor("bf16", [2], new Uint8Array([128, 63, 0, 192]));
  const differences = (bias: TensorData, data: TensorData): unknown => {
    const edit = new GraphEditor(standardOps(), "main");
    edit.addOutput(edit.insert("Identity", [edit.addConstant("bias", bias)])[0]!);
    const held = { ...model, components: new Map([["main", edit.graph]]) };
    const decoded = { decoder: "test", tensors: [], constants: [{ component: "main", value: "bias", data }] };
    return compareDecoded("t", held, decoded, { losses, constants: located }).constantsDifferent;
  };
  const ints = (...values: readonly number[]) => memoryTensor("i32", [values.length], new Uint8Array(Int32Array.from(values).buffer));
  expect([ints(3, -4), ints(3, 4)].map((data) => differences(i64Tensor([3, -4]), data))).toEqual([0, 1]);
  expect(differences(i64Tensor([2 ** 32]), ints(0))).toBe(1);
  expect([f32Tensor([1, -2], [2]), f32Tensor([1, 2], [2])].map((data) => differences(half, data))).toEqual([0, 1]);
});
