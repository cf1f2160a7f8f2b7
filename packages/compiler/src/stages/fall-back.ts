import { type Backend, type LossEntry, quantViewOf, scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import {
  type Graph,
  GraphEditor,
  type GraphTree,
  graphTree,
  memoryTensor,
  type OpRegistry,
  type QuantSpec,
  type TensorType,
  type Value,
} from "@vlm-export/ir";
import type { IntegerType, Kernels } from "@vlm-export/numerics";
import { unholdable } from "./check-target.js";

/**
 * Keeps in float what the target cannot hold (recipe `onLoss: fallback`): constants become scale · (q − zeroPoint) in f32,
 * activations lose their quantization. Edits `graph`, a private clone; returns the loss ledger.
 */
export function fallBackToFloat(
  backend: Backend,
  component: string,
  graph: Graph,
  { ops, kernels }: { readonly ops: OpRegistry; readonly kernels: Kernels },
): readonly LossEntry[] {
  const edit = new GraphEditor(ops, graph);
  const tree = graphTree(graph);
  return unholdable(backend, graph).map(({ value, reason }): LossEntry => {
    const type: TensorType = { dtype: value.type.dtype, shape: value.type.shape };
    const { data } = value;
    const { quant } = value.type;
    if (data && quant) {
      const floats = kernels.dequantize(data.bytes(), {
        view: quantViewOf(data.shape, quant),
        storage: quant.storage as IntegerType,
        range: quant.range,
        ...qparams(quant),
      });
      edit.setData(value, memoryTensor("f32", data.shape, new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)), {
        ...type,
        dtype: "f32",
      });
      retypeCaptures(tree, value, ops);
    } else edit.retype(value, type);
    return { component, value: value.name, reason, resolution: "fallback" };
  });
}

/** Graphs inside operators see the constant as what it is now. */
function retypeCaptures({ places, sourceOf }: GraphTree, constant: Value, ops: OpRegistry): void {
  for (const place of places)
    for (const capture of place.graph.captures)
      if (sourceOf(capture) === constant)
        new GraphEditor(ops, place.graph).retype(capture, { dtype: constant.type.dtype, shape: capture.type.shape });
}

function qparams(quant: QuantSpec): { readonly scale: Float32Array; readonly zeroPoint?: Int32Array } {
  const zeroPoint = zeroPointValues(quant);
  return { scale: scaleValues(quant), ...(zeroPoint.length > 0 && { zeroPoint: Int32Array.from(zeroPoint) }) };
}
