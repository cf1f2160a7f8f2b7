import type { TflitePadding } from "@vlm-export/formats/tflite";
import type { Node } from "@vlm-export/ir";
import { lowerUnsupported } from "../errors.js";
import { numberAttr, numbersAttr, textAttr } from "./node.js";

/** A sliding window over height and width. */
export interface Window {
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly dilations: readonly [height: number, width: number];
  /** What the TFLite operator pads by itself. */
  readonly padding: TflitePadding;
  /** What must be padded before it: [begin, end] of height and width; all 0 when nothing. */
  readonly before: Pads;
  /** All padding, whoever does it. */
  readonly pads: Pads;
}

type Pads = readonly [readonly [begin: number, end: number], readonly [begin: number, end: number]];

const NO_PADS: Pads = [
  [0, 0],
  [0, 0],
];

/**
 * The window of an ONNX Conv or pool node from spatial extents `input` to `output`. Padding is what makes the output extents;
 * TFLite's SAME is used where it pads alike. Throws VX-LOWER-TFLITE-UNSUPPORTED unless there are two spatial axes, and at pads
 * below 0, which cut the input off.
 */
export function windowOf(node: Node, kernel: readonly number[], input: readonly number[], output: readonly number[]): Window {
  if (kernel.length !== 2) throw lowerUnsupported(node.name, `${node.op} over ${kernel.length} spatial axes, expected 2`);
  if (textAttr(node, "auto_pad", "NOTSET") === "NOTSET" && numbersAttr(node, "pads")?.some((pad) => pad < 0))
    throw lowerUnsupported(node.name, `${node.op} with pads below 0`);
  const strides = pairOf(numbersAttr(node, "strides"));
  const dilations = pairOf(numbersAttr(node, "dilations"));
  const axes = [0, 1].map((axis) => {
    const span = ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    const needed = Math.max(((output[axis] ?? 1) - 1) * (strides[axis] ?? 1) + span - (input[axis] ?? 1), 0);
    const begin = beginOf(node, axis, needed);
    return {
      begin,
      end: Math.max(needed - begin, 0),
      isSame: begin === Math.floor(needed / 2) && output[axis] === Math.ceil((input[axis] ?? 1) / (strides[axis] ?? 1)),
    };
  });
  const [height, width] = axes as [(typeof axes)[0], (typeof axes)[0]];
  const none = axes.every(({ begin, end }) => begin === 0 && end === 0);
  const same = !none && axes.every(({ isSame }) => isSame);
  const pads: Pads = [
    [height.begin, height.end],
    [width.begin, width.end],
  ];
  return { kernel: pairOf(kernel), strides, dilations, padding: same ? "SAME" : "VALID", before: none || same ? NO_PADS : pads, pads };
}

/** The same window with all padding before it. */
export function withPadsBefore(window: Window): Window {
  return { ...window, padding: "VALID", before: window.pads };
}

/** Rows or columns put before the first one. */
function beginOf(node: Node, axis: number, needed: number): number {
  const mode = textAttr(node, "auto_pad", "NOTSET");
  if (mode === "SAME_UPPER") return Math.floor(needed / 2);
  if (mode === "SAME_LOWER") return Math.ceil(needed / 2);
  return mode === "VALID" ? 0 : (numbersAttr(node, "pads")?.[axis] ?? 0);
}

function pairOf(values: readonly number[] | undefined): readonly [number, number] {
  return [values?.[0] ?? 1, values?.[1] ?? 1];
}

/** True when something must be padded before the operator. */
export function padsBefore({ before }: Window): boolean {
  return before.some(([begin, end]) => begin > 0 || end > 0);
}

/** True when the node rounds the number of windows up. */
export function hasCeilMode(node: Node): boolean {
  return numberAttr(node, "ceil_mode", 0) !== 0;
}
