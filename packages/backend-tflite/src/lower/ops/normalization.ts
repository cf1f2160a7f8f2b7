import { floatValues } from "@vlm-export/backend-api";
import type { Node, Value } from "@vlm-export/ir";
import { lowerUnsupported } from "../../errors.js";
import type { Layout } from "../../layout.js";
import type { Lowering } from "../lowering.js";
import { axisIn, inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";

const fused = { fusedActivationFunction: "NONE" } as const;
const adding = { ...fused, potScaleInt16: false } as const;

interface Normalized {
  readonly lowering: Lowering;
  readonly node: Node;
  readonly layout: Layout;
  /** Stored shape of the operand, and of the statistics over its normalized axes. */
  readonly shape: readonly number[];
  readonly reduced: readonly number[];
  readonly axes: number;
}

/** (x − mean) · rsqrt(variance + epsilon) · scale + bias over the axes from `axis` on, on real numbers. */
export const layerNorm: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const axis = axisIn(numberAttr(node, "axis", -1), layout.length);
  standardize(normalizedOf({ lowering, node, layout }, axis), tensor, [node.inputs[1], node.inputs[2]]);
};

/** (x − mean) · rsqrt(variance + epsilon) · scale + bias over each channel of each sample, on real numbers. */
export const instanceNorm: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const channels = layout.map((axis) => (axis === 1 ? (lowering.shape(inputOf(node, 1))[0] ?? 1) : 1));
  const factors = [1, 2].map((index) => lowering.viewed(lowering.read(inputOf(node, index), "float"), channels));
  standardize(normalizedOf({ lowering, node, layout }, 2), tensor, factors);
};

/** A factor or term of the result: a value that broadcasts, or a tensor that does so already. */
type Affine = Value | number | null | undefined;

function standardize(state: Normalized, x: number, affine: readonly Affine[]): void {
  const { lowering } = state;
  const mean = meanOf(state, x, "mean");
  const squares = step(state, "squares", state.shape);
  lowering.emit("SQUARED_DIFFERENCE", [x, mean], [squares], { kind: "SquaredDifferenceOptions" });
  const centered = step(state, "centered", state.shape);
  lowering.emit("SUB", [x, mean], [centered], { kind: "SubOptions", ...adding });
  scaleBy(state, { x: centered, power: meanOf(state, squares, "variance"), affine });
}

/** x · rsqrt(mean(x²) + epsilon) · scale over the axes from `axis` on, on real numbers. */
export const rmsNorm: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const state = normalizedOf({ lowering, node, layout }, axisIn(numberAttr(node, "axis", -1), layout.length));
  const squares = step(state, "squares", state.shape);
  lowering.emit("MUL", [tensor, tensor], [squares], { kind: "MulOptions", ...fused });
  scaleBy(state, { x: tensor, power: meanOf(state, squares, "power"), affine: [node.inputs[1], node.inputs[2]] });
};

/** (x − mean) / √(variance + epsilon) · scale + bias per channel (inference form), as one product and one sum on real numbers. */
export const batchNorm: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => channelNumbers(node, index)) as [Floats, Floats, Floats, Floats];
  const epsilon = numberAttr(node, "epsilon", 1e-5);
  const factors = Array.from(scale, (factor, c) => factor / Math.sqrt((variance[c] ?? 0) + epsilon));
  const offsets = factors.map((factor, c) => (bias[c] ?? 0) - (mean[c] ?? 0) * factor);
  const { tensor, layout } = lowering.place(x, "float");
  const shape = layout.map((axis) => (axis === 1 ? factors.length : 1));
  const scaled = lowering.scratch(
    `${node.name}_scaled`,
    layout.map((axis) => lowering.shape(x)[axis] ?? 1),
  );
  lowering.emit("MUL", [tensor, lowering.floatConstant(`${node.name}_factor`, factors, shape)], [scaled], { kind: "MulOptions", ...fused });
  const offset = lowering.floatConstant(`${node.name}_offset`, offsets, shape);
  lowering.emit("ADD", [scaled, offset], [lowering.write(y, "float", layout)], { kind: "AddOptions", ...adding });
};

type Floats = Float32Array;

function channelNumbers(node: Node, index: number): Floats {
  const { data, type } = inputOf(node, index);
  if (!data || type.quant) throw lowerUnsupported(node.name, `${node.op} with operand ${index} quantized or computed at run time`);
  return floatValues(data);
}

/** Statistics over the axes from `axis` on. */
function normalizedOf({ lowering, node, layout }: Pick<Normalized, "lowering" | "node" | "layout">, axis: number): Normalized {
  const logical = lowering.shape(inputOf(node, 0));
  const stored = layout.map((at) => logical[at] ?? 1);
  const reduced = layout.map((at) => (at >= axis ? 1 : (logical[at] ?? 1)));
  const axes = lowering.program.indices(layout.flatMap((at, i) => (at >= axis ? [i] : [])));
  return { lowering, node, layout, shape: stored, reduced, axes };
}

function step({ lowering, node }: Normalized, name: string, shape: readonly number[]): number {
  return lowering.scratch(`${node.name}_${name}`, shape);
}

function meanOf(state: Normalized, tensor: number, name: string): number {
  const result = step(state, name, state.reduced);
  state.lowering.emit("MEAN", [tensor, state.axes], [result], { kind: "ReducerOptions", keepDims: true });
  return result;
}

interface Scaled {
  readonly x: number;
  /** Mean of squares. */
  readonly power: number;
  /** The node's own scale and bias. */
  readonly affine: readonly Affine[];
}

/** x · rsqrt(power + epsilon) · scale + bias. */
function scaleBy(state: Normalized, { x, power, affine }: Scaled): void {
  const { lowering, node, shape, reduced, layout } = state;
  const epsilon = lowering.floatConstant(`${node.name}_epsilon`, [numberAttr(node, "epsilon", 1e-5)], []);
  const shifted = step(state, "shifted", reduced);
  lowering.emit("ADD", [power, epsilon], [shifted], { kind: "AddOptions", ...adding });
  const inverse = step(state, "inverse", reduced);
  lowering.emit("RSQRT", [shifted], [inverse]);
  const [scale, bias] = affine;
  const y = outputOf(node);
  const operand = (value: Value | number) =>
    typeof value === "number" ? value : lowering.readBroadcast(value, "float", layout.length, layout);
  const stages: readonly (readonly ["MUL" | "ADD", number])[] = [
    ["MUL", inverse],
    ...(scale ? ([["MUL", operand(scale)]] as const) : []),
    ...(bias ? ([["ADD", operand(bias)]] as const) : []),
  ];
  let current = x;
  stages.forEach(([op, other], i) => {
    const last = i === stages.length - 1;
    const result = last ? lowering.write(y, "float", layout) : step(state, `stage${i}`, shape);
    lowering.emit(op, [current, other], [result], op === "MUL" ? { kind: "MulOptions", ...fused } : { kind: "AddOptions", ...adding });
    current = result;
  });
}
