import type { OnnxAttribute } from "./model.js";

/** AttributeProto.AttributeType codes. */
export const ATTRIBUTE_TYPES: Readonly<Record<Exclude<OnnxAttribute["kind"], "reference">, number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  "sparse-tensor": 11,
  "sparse-tensors": 12,
  type: 13,
  types: 14,
};
