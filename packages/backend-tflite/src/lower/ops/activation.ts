import { scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import { isFloat, type Node, type Value } from "@vlm-export/ir";
import type { Lowering } from "../lowering.js";
import { identity } from "./view.js";
import { formOf, inputOf, knownScalar, type LowerNode, numberAttr, outputOf } from "../node.js";

const mulOptions = { kind: "MulOptions", fusedActivationFunction: "NONE" } as const;

/** x · sigmoid(alpha · x), on real numbers: TFLite has no such kernel. */
export const quickGelu: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const { tensor, layout } = lowering.place(x, "float");
  const shape = lowering.program.tensors[tensor]?.shape ?? [];
  const scaled = lowering.scratch(`${node.name}_scaled`, shape);
  const gate = lowering.scratch(`${node.name}_gate`, shape);
  lowering.emit(
    "MUL",
    [tensor, lowering.floatConstant(`${node.name}_alpha`, [numberAttr(node, "alpha", 1.702)], [])],
    [scaled],
    mulOptions,
  );
  lowering.emit("LOGISTIC", [scaled], [gate]);
  lowering.emit("MUL", [tensor, gate], [lowering.write(y, "float", layout)], mulOptions);
};

/** x · sigmoid(alpha · x) with alpha 1 by default (SiLU). */
export const swish: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const { tensor, layout } = lowering.place(x, "float");
  if (numberAttr(node, "alpha", 1) !== 1) return quickGelu(lowering, { ...node, attrs: { alpha: numberAttr(node, "alpha", 1) } });
  const gate = lowering.scratch(`${node.name}_gate`, lowering.program.tensors[tensor]?.shape ?? []);
  lowering.emit("LOGISTIC", [tensor], [gate]);
  lowering.emit("MUL", [tensor, gate], [lowering.write(y, "float", layout)], mulOptions);
};

/** x where x > 0, alpha · (exp(x) − 1) elsewhere: ELU, whose alpha is 1; another one scales the part below 0 of its own. */
export const elu: LowerNode = (lowering, node) => {
  const [alpha, y] = [numberAttr(node, "alpha", 1), outputOf(node)];
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  if (alpha === 1) return lowering.emit("ELU", [tensor], [lowering.write(y, "float", layout)]);
  const shape = lowering.program.tensors[tensor]?.shape ?? [];
  const scratch = (name: string): number => lowering.scratch(`${node.name}_${name}`, shape);
  const constant = (name: string, value: number): number => lowering.floatConstant(`${node.name}_${name}`, [value], []);
  const [below, curve, scaled, above] = [scratch("below"), scratch("curve"), scratch("scaled"), scratch("above")];
  lowering.emit("MINIMUM", [tensor, constant("zero", 0)], [below], { kind: "MaximumMinimumOptions" });
  lowering.emit("ELU", [below], [curve]);
  lowering.emit("MUL", [curve, constant("alpha", alpha)], [scaled], mulOptions);
  lowering.emit("RELU", [tensor], [above]);
  addTo(lowering, above, scaled, lowering.write(y, "float", layout));
};

/** 1 / x. */
export const reciprocal: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const one = lowering.floatConstant(`${node.name}_one`, [1], []);
  lowering.emit("DIV", [one, tensor], [lowering.write(outputOf(node), "float", layout)], {
    kind: "DivOptions",
    fusedActivationFunction: "NONE",
  });
};

/**
 * min(max(x, low), high), Relu included: nothing where the integers of x cannot lie outside, RELU or RELU6 where the bounds
 * are theirs, else MAXIMUM and MINIMUM on real or whole numbers.
 */
export const clamp: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const { low, high } = node.op === "Relu" ? { low: 0, high: Number.POSITIVE_INFINITY } : clipBounds(node);
  if (liesWithin(x, low, high)) return identity(lowering, node);
  const isWhole = !isFloat(x.type.dtype);
  const op = isWhole || low !== 0 ? undefined : high === Number.POSITIVE_INFINITY ? "RELU" : high === 6 ? "RELU6" : undefined;
  const form = formOf(op ? "free" : "float", [x], y);
  const { tensor, layout } = lowering.place(x, form);
  if (op) return lowering.emit(op, [tensor], [lowering.write(y, form, layout)]);
  const raised = lowering.scratchLike(tensor, `${node.name}_raised`);
  const bound = (name: string, value: number) => lowering.scalarFor(tensor, `${node.name}_${name}`, isWhole ? saturated(value) : value);
  lowering.emit("MAXIMUM", [tensor, bound("low", low)], [raised], { kind: "MaximumMinimumOptions" });
  lowering.emit("MINIMUM", [raised, bound("high", high)], [lowering.write(y, "float", layout)], { kind: "MaximumMinimumOptions" });
};

/** Whole numbers are int32 here, whatever bounds an i64 has. */
const saturated = (bound: number): number => Math.min(Math.max(bound, -(2 ** 31)), 2 ** 31 - 1);

/** True when every number that the integers of a value can stand for is between the bounds. */
function liesWithin({ type: { quant } }: Value, low: number, high: number): boolean {
  if (quant?.granularity !== "tensor" || !quant.scale) return false;
  const [scale = 0] = scaleValues(quant);
  const [zeroPoint = 0] = zeroPointValues(quant);
  const [qmin, qmax] = quant.range;
  return scale * (qmin - zeroPoint) >= low && scale * (qmax - zeroPoint) <= high;
}

/** The bounds of a Clip. Throws VX-LOWER-TFLITE-UNSUPPORTED when they are computed at run time. */
export function clipBounds(node: Node): { readonly low: number; readonly high: number } {
  return { low: knownScalar(node, 1, Number.NEGATIVE_INFINITY), high: knownScalar(node, 2, Number.POSITIVE_INFINITY) };
}

/** max(0, min(1, alpha · x + beta)). */
export const hardSigmoid: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const shape = lowering.program.tensors[tensor]?.shape ?? [];
  const constant = (name: string, value: number) => lowering.floatConstant(`${node.name}_${name}`, [value], []);
  const [scaled, shifted, below] = ["scaled", "shifted", "below"].map((name) => lowering.scratch(`${node.name}_${name}`, shape)) as [
    number,
    number,
    number,
  ];
  lowering.emit("MUL", [tensor, constant("alpha", numberAttr(node, "alpha", 0.2))], [scaled], mulOptions);
  addTo(lowering, scaled, constant("beta", numberAttr(node, "beta", 0.5)), shifted);
  lowering.emit("MINIMUM", [shifted, constant("one", 1)], [below], { kind: "MaximumMinimumOptions" });
  lowering.emit("MAXIMUM", [below, constant("zero", 0)], [lowering.write(outputOf(node), "float", layout)], {
    kind: "MaximumMinimumOptions",
  });
};

function addTo(lowering: Lowering, a: number, b: number, result: number): void {
  lowering.emit("ADD", [a, b], [result], { kind: "AddOptions", fusedActivationFunction: "NONE", potScaleInt16: false });
}
