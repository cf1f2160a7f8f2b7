import type { OnnxAttribute, OnnxNode } from "@vlm-export/formats/onnx";
import { f32Tensor, memoryTensor, type TensorData } from "@vlm-export/ir";
import { stringTensor } from "@vlm-export/ops";
import { importAttribute, importOpForm } from "../errors.js";
import { denseOf } from "./sparse.js";
import { tensorDataOf } from "./tensor-data.js";

/** The value of a Constant node, from whichever of its attributes has it. Throws VX-IMPORT-ATTRIBUTE, VX-IMPORT-OP-FORM. */
export function constantOf(node: OnnxNode, file: string): TensorData {
  const place = { file, node: node.name };
  const [attribute, ...rest] = node.attributes.filter(
    ({ name }) => name === "value" || name.startsWith("value_") || name === "sparse_value",
  );
  if (!attribute || rest.length > 0)
    throw importOpForm(place, "Constant", `${rest.length + (attribute ? 1 : 0)} value attributes were given; expected one`);
  const data = dataOf(attribute, file);
  if (!data) throw importAttribute(place, "Constant", attribute.name, `is of kind ${attribute.kind}`);
  return data;
}

/** The attributes that a Constant may have, each with the kind that it must be of. */
const KINDS: ReadonlyMap<string, OnnxAttribute["kind"]> = new Map([
  ["value", "tensor"],
  ["sparse_value", "sparse-tensor"],
  ["value_int", "int"],
  ["value_ints", "ints"],
  ["value_float", "float"],
  ["value_floats", "floats"],
  ["value_string", "string"],
  ["value_strings", "strings"],
]);

function dataOf(attribute: OnnxAttribute, file: string): TensorData | undefined {
  if (KINDS.get(attribute.name) !== attribute.kind) return undefined;
  switch (attribute.kind) {
    case "tensor":
      return tensorDataOf(attribute.value, file);
    case "sparse-tensor":
      return denseOf(attribute.value, file);
    case "int":
      return i64([attribute.value], []);
    case "ints":
      return i64(attribute.value, [attribute.value.length]);
    case "float":
      return f32Tensor([attribute.value], []);
    case "floats":
      return f32Tensor(attribute.value, [attribute.value.length]);
    case "string":
      return stringTensor([], [attribute.value]);
    case "strings":
      return stringTensor([attribute.value.length], attribute.value);
    default:
      return undefined;
  }
}

function i64(values: readonly bigint[], shape: readonly number[]): TensorData {
  return memoryTensor("i64", shape, new Uint8Array(BigInt64Array.from(values).buffer));
}
