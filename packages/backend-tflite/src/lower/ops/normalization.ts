import type { Node, Value } from "@vlm-export/ir";
import type { Layout } from "../../layout.js";
import type { Lowering } from "../lowering.js";
import { axisIn, inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";

const fused = { fusedActivationFunction: "NONE" } as const;
const adding = { ...fused, potScaleInt16: false } as const;

interface Place {
  readonly lowering: Lowering;
  readonly node: Node;
  /** Of the operand. */
  readonly layout: Layout;
}

interface Scalable extends Place {
  /** Stored shape of the operand, and of its statistics. */
  readonly shape: readonly number[];
  readonly reduced: readonly number[];
}

interface Normalized extends Scalable {
  /** The tensor that names the normalized axes. */
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
  standardize(normalizedOf({ lowering, node, layout }, 2), tensor, perChannel({ lowering, node, layout }, [1, 2]));
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

/** (x − mean) · rsqrt(variance + epsilon) · scale + bias per channel, on real numbers, for statistics that are given. */
export const batchNorm: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const [scale, bias, mean, variance] = perChannel({ lowering, node, layout }, [1, 2, 3, 4]) as [number, number, number, number];
  const state = { lowering, node, layout, ...shapesOf({ lowering, node, layout }, (axis) => axis === 1) };
  const centered = step(state, "centered", state.shape);
  lowering.emit("SUB", [tensor, mean], [centered], { kind: "SubOptions", ...adding });
  scaleBy(state, { x: centered, power: variance, affine: [scale, bias] });
};

/** Operands with one number per channel, as they broadcast in `layout`. */
function perChannel({ lowering, node, layout }: Place, operands: readonly number[]): readonly number[] {
  const channels = layout.map((axis) => (axis === 1 ? (lowering.shape(inputOf(node, 0))[1] ?? 1) : 1));
  return operands.map((index) => lowering.viewed(lowering.read(inputOf(node, index), "float"), channels));
}

/** Statistics over the axes from `axis` on. */
function normalizedOf(place: Place, axis: number): Normalized {
  const axes = place.lowering.program.indices(place.layout.flatMap((at, i) => (at >= axis ? [i] : [])));
  return { ...place, ...shapesOf(place, (at) => at < axis), axes };
}

/** Stored shapes of the operand and of its statistics, which have the extents of the axes that stay. */
function shapesOf({ lowering, node, layout }: Place, stays: (axis: number) => boolean): Pick<Scalable, "shape" | "reduced"> {
  const logical = lowering.shape(inputOf(node, 0));
  return { shape: layout.map((at) => logical[at] ?? 1), reduced: layout.map((at) => (stays(at) ? (logical[at] ?? 1) : 1)) };
}

function step({ lowering, node }: Place, name: string, shape: readonly number[]): number {
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
function scaleBy(state: Scalable, { x, power, affine }: Scaled): void {
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
