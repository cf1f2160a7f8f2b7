import type { OnnxAttribute, OnnxNode } from "@vlm-export/formats/onnx";
import { f32Tensor, memoryTensor, type TensorData } from "@vlm-export/ir";
import { importAttribute, importOpForm } from "../errors.js";
import { denseOf } from "./sparse.js";
import { stringTensor, tensorDataOf } from "./tensor-data.js";

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

function dataOf(attribute: OnnxAttribute, file: string): TensorData | undefined {
  switch (`${attribute.name}:${attribute.kind}`) {
    case "value:tensor":
      return attribute.kind === "tensor" ? tensorDataOf(attribute.value, file) : undefined;
    case "sparse_value:sparse-tensor":
      return attribute.kind === "sparse-tensor" ? denseOf(attribute.value, file) : undefined;
    default:
      return listOf(attribute);
  }
}

function listOf(attribute: OnnxAttribute): TensorData | undefined {
  const { name } = attribute;
  if (name === "value_int" && attribute.kind === "int") return i64([attribute.value], []);
  if (name === "value_ints" && attribute.kind === "ints") return i64(attribute.value, [attribute.value.length]);
  if (name === "value_float" && attribute.kind === "float") return f32Tensor([attribute.value], []);
  if (name === "value_floats" && attribute.kind === "floats") return f32Tensor(attribute.value, [attribute.value.length]);
  if (name === "value_string" && attribute.kind === "string") return stringTensor([], [attribute.value]);
  if (name === "value_strings" && attribute.kind === "strings") return stringTensor([attribute.value.length], attribute.value);
  return undefined;
}

function i64(values: readonly bigint[], shape: readonly number[]): TensorData {
  return memoryTensor("i64", shape, new Uint8Array(BigInt64Array.from(values).buffer));
}
