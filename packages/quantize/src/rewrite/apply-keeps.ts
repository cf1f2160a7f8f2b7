import { memoryTensor, type Node, type TensorData, type Value } from "@vlm-export/ir";
import { floatsFromBytes } from "@vlm-export/numerics";
import type { KeepPlan } from "@vlm-export/recipe";
import { nodeTwin, type RewriteSite } from "./rewrite-site.js";

/** ONNX TensorProto codes: the attribute `to` of Cast. */
const CAST_CODES = { f32: 1, f16: 10, bf16: 16 } as const;
const F16_MAX = 65504;

/** Makes the node compute in f16: f32 operands are cast there, f32 constants stored as f16, f32 results cast back. A weight beyond 65504 keeps the node in float, with a warning. */
export function applyKeep(site: RewriteSite, { node: planned, dtype }: KeepPlan): void {
  if (dtype === "float") return;
  const node = nodeTwin(site, planned);
  const operands = node.inputs
    .map((value, i) => (value && value.type.dtype === "f32" && !value.type.quant ? { value, i } : undefined))
    .filter((operand) => operand !== undefined);
  const halves = operands.map(({ value, i }) => ({ i, value, data: value.data && halfOf(site, value.data, dtype) }));
  const overflowing = halves.find(({ value, data }) => value.data && !data);
  if (overflowing) return reportOverflow(site, node, overflowing.value);
  for (const { i, value, data } of halves)
    site.edit.replaceInput(
      node,
      i,
      data ? site.edit.addConstant(site.edit.freshName(`${value.name}_${dtype}`), data, undefined, value.role) : castOf(site, value, dtype),
    );
  for (const output of node.outputs) if (output && output.type.dtype === dtype) castBack(site, output);
}

function castOf(site: RewriteSite, value: Value, dtype: "f16" | "bf16"): Value {
  const source = value.producer?.op === "Cast" ? value.producer.inputs[0] : undefined;
  if (source && source.type.dtype === dtype && !value.type.quant) return source;
  const known = site.edit.graph.users(value).find((user) => user.op === "Cast" && user.outputs[0]?.type.dtype === dtype)?.outputs[0];
  const [cast] = known
    ? [known]
    : site.edit.insert(
        "Cast",
        [value],
        { to: CAST_CODES[dtype] },
        { name: `${value.name}_to_${dtype}`, types: [{ dtype, shape: value.type.shape }] },
      );
  return cast ?? value;
}

function castBack(site: RewriteSite, output: Value): void {
  const { quant } = output.type;
  const [back] = site.edit.insert(
    "Cast",
    [output],
    { to: CAST_CODES.f32 },
    { name: `${output.name}_to_f32`, types: [{ dtype: "f32", shape: output.type.shape }] },
  );
  if (!back) return;
  site.edit.replaceAllUses(output, back);
  if (quant) {
    site.edit.retype(output, { dtype: output.type.dtype, shape: output.type.shape });
    site.edit.retype(back, { ...back.type, quant });
  }
}

function halfOf(site: RewriteSite, data: TensorData, dtype: "f16" | "bf16"): TensorData | undefined {
  const floats = floatsFromBytes(data.bytes(), "f32") as Float32Array;
  const { min, max } = site.kernels.rangeOf(floats);
  if (dtype === "f16" && Math.max(-min, max) > F16_MAX) return undefined;
  const bits = site.kernels.toHalf(floats, dtype);
  return memoryTensor(dtype, data.shape, new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
}

function reportOverflow(site: RewriteSite, node: Node, value: Value): void {
  site.report({
    code: "VX-QUANT-F16-RANGE",
    severity: "warning",
    message: `a weight is larger than ${F16_MAX}, the largest float16; the node stays in float32.`,
    where: { stage: "quantize", node: node.name, value: value.name },
  });
}
