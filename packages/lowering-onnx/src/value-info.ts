import { decodeType, type OnnxType, type OnnxValueInfo, onnxDataTypeOf, tensorType } from "@vlm-export/formats/onnx";
import type { Dim, TensorType } from "@vlm-export/ir";

/** The declaration of a graph input or output: symbols that have no name in the source become unknown extents. */
export function valueInfoOf(name: string, type: TensorType): OnnxValueInfo {
  return { name, type: onnxTypeOf(type), docString: "", metadata: new Map() };
}

function onnxTypeOf({ dtype, shape, foreign }: TensorType): OnnxType | undefined {
  if (foreign) return decodeType(foreign);
  const row = onnxDataTypeOf(dtype);
  return row && tensorType(row.dtype, shape?.map(dimOf));
}

function dimOf(extent: Dim): number | string | undefined {
  return typeof extent === "string" && extent.startsWith("?") ? undefined : extent;
}
