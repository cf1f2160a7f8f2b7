import { elementCount, f32Tensor, type TensorData, type Value } from "@vlm-export/ir";
import { textAttrOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule } from "../rule.js";

/**
 * Resize: opset 10 has no region and maps coordinates without offset. From 11 on an empty constant stands for an operand that is
 * not given, as opset 11 needed.
 */
export const resize: NodeRule = {
  op: "Resize",
  domain: "",
  convert(node, build) {
    if (node.opset >= 11) return void build.emit("Resize", node.inputs.map(unlessEmpty), node.attrs);
    const [x, scales] = node.inputs;
    if (!x || !scales) throw build.refuse("the scales are missing");
    emitOldResize({ x, scales, mode: textAttrOf(node, "mode", "nearest") }, build);
    return undefined;
  },
};

interface OldResize {
  readonly x: Value;
  readonly scales: Value;
  readonly mode: string;
}

/**
 * What Upsample and Resize of opset 10 do. Mode nearest takes the lower neighbour along axes that grow and the upper one along
 * axes that shrink: the specification leaves it open, this is what ONNX Runtime does. Axes are independent, so a node that does
 * both is two.
 */
export function emitOldResize({ x, scales, mode }: OldResize, build: NodeBuilder): void {
  const asymmetric = { coordinate_transformation_mode: "asymmetric" };
  if (mode !== "nearest")
    return void build.emit("Resize", [x, null, scales], { ...asymmetric, mode: mode === "bilinear" ? "linear" : mode });
  const factors = scales.data?.dtype === "f32" ? floatsOf(scales.data) : [];
  const [grow, shrink] = [
    { ...asymmetric, mode, nearest_mode: "floor" },
    { ...asymmetric, mode, nearest_mode: "ceil" },
  ];
  if (factors.every((factor) => factor >= 1)) return void build.emit("Resize", [x, null, scales], grow);
  if (factors.every((factor) => factor <= 1)) return void build.emit("Resize", [x, null, scales], shrink);
  const up = build.constant(
    "grow",
    f32Tensor(
      factors.map((factor) => Math.max(factor, 1)),
      scales.data?.shape ?? [],
    ),
  );
  const down = build.constant(
    "shrink",
    f32Tensor(
      factors.map((factor) => Math.min(factor, 1)),
      scales.data?.shape ?? [],
    ),
  );
  build.emit("Resize", [build.inner("Resize", [x, null, up], grow), null, down], shrink);
}

function floatsOf(data: TensorData): readonly number[] {
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: elementCount(data.shape) }, (_, i) => view.getFloat32(i * 4, true));
}

function unlessEmpty(value: Value | null): Value | null {
  return value?.data && elementCount(value.data.shape) === 0 ? null : value;
}
