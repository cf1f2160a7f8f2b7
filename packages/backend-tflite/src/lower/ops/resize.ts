import { lowerUnsupported } from "../../errors.js";
import { channelsLast, rowMajor } from "../../layout.js";
import { floatValues } from "@vlm-export/backend-api";
import type { Node } from "@vlm-export/ir";
import { formOf, inputOf, type LowerNode, numberAttr, outputOf, textAttr } from "../node.js";

/** Resize of height and width, nearest or linear, in the coordinate modes that TFLite has. */
export const resize: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const [from, to] = [lowering.shape(x), lowering.shape(y)];
  if (from.length !== 4 || from[0] !== to[0] || from[1] !== to[1])
    throw lowerUnsupported(node.name, "Resize of other axes than height and width");
  const nearest = textAttr(node, "mode", "nearest") === "nearest";
  if (!scalesAreExact(node, from, to)) throw lowerUnsupported(node.name, "Resize by scales that do not give whole extents");
  const isWhole = [2, 3].every((axis) => (to[axis] ?? 1) % (from[axis] ?? 1) === 0);
  const options = coordinatesOf(node, { nearest, isWhole });
  if (textAttr(node, "coordinate_transformation_mode", "") === "pytorch_half_pixel" && to.slice(2).includes(1))
    throw lowerUnsupported(node.name, "Resize with pytorch_half_pixel to an extent of 1");
  const form = formOf(nearest ? "moves" : "equal", [x], y);
  const input = lowering.read(x, form, channelsLast(4));
  const size = lowering.program.indices([to[2] ?? 1, to[3] ?? 1]);
  const output = nearest ? lowering.writeLike(y, form, channelsLast(4), input) : lowering.write(y, form, channelsLast(4));
  if (nearest) lowering.emit("RESIZE_NEAREST_NEIGHBOR", [input, size], [output], { kind: "ResizeNearestNeighborOptions", ...options });
  else lowering.emit("RESIZE_BILINEAR", [input, size], [output], { kind: "ResizeBilinearOptions", ...options });
};

/** TFLite derives the scale from the extents; ONNX takes the stated one, which may differ where extents were rounded. */
function scalesAreExact(node: Node, from: readonly number[], to: readonly number[]): boolean {
  const scales = node.inputs[2]?.data ? floatValues(node.inputs[2].data) : [];
  return [...scales].every((scale, axis) => Math.abs((from[axis] ?? 1) * scale - (to[axis] ?? 1)) < 1e-4);
}

/** TFLite nearest rounds down without half_pixel, and its half_pixel variant rounds half up; nothing lies halfway where extents are multiplied. */
const nearestModes: ReadonlyMap<string, readonly string[]> = new Map([
  ["asymmetric", ["floor"]],
  ["half_pixel", ["round_prefer_ceil"]],
]);

interface Kind {
  readonly nearest: boolean;
  /** Whether extents are multiplied by whole numbers. */
  readonly isWhole: boolean;
}

function coordinatesOf(node: Node, { nearest, isWhole }: Kind): { readonly alignCorners: boolean; readonly halfPixelCenters: boolean } {
  const mode = textAttr(node, "mode", "nearest");
  const coordinates = textAttr(node, "coordinate_transformation_mode", "half_pixel");
  const rounding = textAttr(node, "nearest_mode", "round_prefer_floor");
  const fits = nearest
    ? nearestModes.get(coordinates)?.includes(isWhole && rounding === "round_prefer_floor" ? "round_prefer_ceil" : rounding)
    : mode === "linear" && ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"].includes(coordinates);
  if (!fits || numberAttr(node, "antialias", 0) !== 0)
    throw lowerUnsupported(node.name, `Resize ${mode} with ${coordinates}${nearest ? ` and ${rounding}` : ""}`);
  return { alignCorners: coordinates === "align_corners", halfPixelCenters: coordinates.endsWith("half_pixel") };
}

/** Blocks of channels to pixels: DCR is TFLite's own order; CRD is a reshape, a transpose and a reshape. */
export const depthToSpace: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf("moves", [x], y);
  const block = numberAttr(node, "blocksize", 1);
  const [n = 1, c = 1, h = 1, w = 1] = lowering.shape(x);
  const channels = c / (block * block);
  if (textAttr(node, "mode", "DCR") === "DCR" || channels === 1) {
    const input = lowering.read(x, form, channelsLast(4));
    const output = lowering.writeLike(y, form, channelsLast(4), input);
    return lowering.emit("DEPTH_TO_SPACE", [input], [output], { kind: "DepthToSpaceOptions", blockSize: block });
  }
  const input = lowering.read(x, form);
  const { quantization } = lowering.program.tensors[input] ?? {};
  const scratch = (name: string, shape: readonly number[]) => lowering.scratch(`${node.name}_${name}`, shape, quantization);
  const blocks = scratch("blocks", [n, channels, block, block, h, w]);
  lowering.program.reshape(input, blocks);
  const woven = scratch("woven", [n, channels, h, block, w, block]);
  lowering.emit("TRANSPOSE", [blocks, lowering.program.indices([0, 1, 4, 2, 5, 3])], [woven], { kind: "TransposeOptions" });
  lowering.program.reshape(woven, lowering.writeLike(y, form, rowMajor(4), input));
};
