import { decodeAttribute } from "@vlm-export/formats/onnx";
import type { Dim, InferContext, TensorType } from "@vlm-export/ir";

/** What the shape rule of an op that passes through sees of a node; attributes are decoded when they are asked for. */
export interface PassThroughCall {
  readonly inputs: readonly (TensorType | null)[];
  /** Shape of input `index`; undefined when absent or of unknown rank. */
  shape(index: number): readonly Dim[] | undefined;
  /** An integer attribute, `fallback` when absent. */
  int(name: string, fallback: number): number;
  /** A list of integers; undefined when absent. */
  ints(name: string): readonly number[] | undefined;
  /** The extent, or a new symbol for one that is not known. */
  known(extent: Dim | undefined): Dim;
}

/** The view of a node that its rule gets. */
export function passThroughCall(inputs: readonly (TensorType | null)[], context: InferContext): PassThroughCall {
  const ints = (name: string): readonly number[] | undefined => {
    const attribute = context.attrs[name];
    const isEncoded = typeof attribute === "object" && "kind" in attribute && attribute.kind === "opaque";
    const decoded = isEncoded ? decodeAttribute(attribute.bytes) : undefined;
    if (decoded?.kind === "int") return [Number(decoded.value)];
    return decoded?.kind === "ints" ? decoded.value.map(Number) : undefined;
  };
  return {
    inputs,
    shape: (index) => inputs[index]?.shape,
    int: (name, fallback) => ints(name)?.[0] ?? fallback,
    ints,
    known: (extent) => extent ?? context.freshDim(),
  };
}
