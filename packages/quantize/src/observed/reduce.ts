import { type GraphEditor, i64Tensor, type Value } from "@vlm-export/ir";
import { codeOfDtype } from "@vlm-export/ops";

/** Inserts `op` over all axes but one; the result has that axis alone. */
export function reduceTo(edit: GraphEditor, op: string, value: Value, axis: number): Value {
  const others = [...(value.type.shape ?? []).keys()].filter((other) => other !== axis);
  const axes = edit.addConstant(edit.freshName(`${value.name}_axes`), i64Tensor(others));
  return edit.insert(op, [value, axes], { keepdims: 0, noop_with_empty_axes: 1 })[0] as Value;
}

/** The value in f32. */
export function wide(edit: GraphEditor, value: Value): Value {
  return value.type.dtype === "f32" ? value : (edit.insert("Cast", [value], { to: codeOfDtype("f32") as number })[0] as Value);
}
