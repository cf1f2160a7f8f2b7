import { encodeType, type OnnxDim, type OnnxType } from "@vlm-export/formats/onnx";
import type { Dim, TensorType } from "@vlm-export/ir";
import { importNegativeDim, type Place } from "../errors.js";
import { dtypeOfCode } from "./tensor-data.js";

/**
 * The IR type that a ValueInfoProto declares; a value that is no dense tensor keeps its encoded type. -1 counts as unknown, as
 * some exporters write it. Throws VX-IMPORT-NEGATIVE-DIM, VX-IMPORT-DTYPE.
 */
export function valueTypeOf(type: OnnxType | undefined, place: Place & { readonly value: string }): TensorType {
  if (!type || type.kind === "none") return { dtype: "unknown", shape: undefined };
  if (type.kind !== "tensor") return { dtype: "unknown", shape: undefined, foreign: encodeType(type) };
  const dtype = type.elemType === 0 ? "unknown" : dtypeOfCode(type.elemType, place);
  return { dtype, shape: type.shape?.map((dim, axis) => dimOf(dim, axis, place)) };
}

function dimOf({ size }: OnnxDim, axis: number, place: Place & { readonly value: string }): Dim {
  if (typeof size === "number" && size < -1) throw importNegativeDim(place, size);
  const anonymous = size === undefined || size === -1 || size === "" || (typeof size === "string" && size.startsWith("?"));
  return anonymous ? `?${place.value}.${axis}` : size;
}
