import { i64Tensor, type Value } from "@vlm-export/ir";
import type { NodeBuilder } from "../rule.js";

/** 0, 1, 2, … along an axis of a value, as i64 with one axis. */
export function positions(build: NodeBuilder, value: Value, axis: number): Value {
  const [zero, one] = [build.constant("zero", i64Tensor([0], [])), build.constant("one", i64Tensor([1], []))];
  return build.inner("Range", [zero, build.inner("Squeeze", [extentOf(build, value, axis)]), one]);
}

/** The extent of an axis, as i64 with one element. */
export function extentOf(build: NodeBuilder, value: Value, axis: number): Value {
  return build.inner("Shape", [value], { start: axis, end: axis + 1 });
}
