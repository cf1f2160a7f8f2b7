import type { TfliteOptions } from "@vlm-export/formats/tflite";
import { storedAxis } from "../../layout.js";
import { inputOf, type LowerNode, outputOf } from "../node.js";
import { axesOf, keepsDims, withoutAxes } from "./reduce.js";

interface Norm {
  /** What is summed: |x| or x². */
  readonly terms: "ABS" | "SQUARE";
  /** Whether the root of the sum is taken. */
  readonly hasRoot: boolean;
}

const norms: ReadonlyMap<string, Norm> = new Map<string, Norm>([
  ["ReduceL1", { terms: "ABS", hasRoot: false }],
  ["ReduceL2", { terms: "SQUARE", hasRoot: true }],
  ["ReduceSumSquare", { terms: "SQUARE", hasRoot: false }],
]);

const termOptions: Readonly<Record<Norm["terms"], TfliteOptions>> = { ABS: { kind: "AbsOptions" }, SQUARE: { kind: "SquareOptions" } };

/** Σ|x|, Σx² and √Σx² over known axes, on real numbers and in whatever layout the operand has. */
export const norm: LowerNode = (lowering, node) => {
  const { terms, hasRoot } = norms.get(node.op) as Norm;
  const y = outputOf(node);
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const [axes, keepDims] = [axesOf(lowering, node), keepsDims(node)];
  const shape = lowering.program.tensors[tensor]?.shape ?? [];
  const left = axes.length > 0 && !keepDims ? withoutAxes(layout, axes) : layout;
  const summands = lowering.scratch(`${node.name}_terms`, shape);
  lowering.emit(terms, [tensor], [summands], termOptions[terms]);
  const stored = axes.map((axis) => storedAxis(layout, axis));
  const sum = hasRoot
    ? lowering.scratch(
        `${node.name}_sum`,
        left.map((axis) => lowering.shape(y)[axis] ?? 1),
      )
    : lowering.write(y, "float", left);
  lowering.emit("SUM", [summands, lowering.program.indices(stored)], [sum], { kind: "ReducerOptions", keepDims });
  if (hasRoot) lowering.emit("SQRT", [sum], [lowering.write(y, "float", left)]);
};

/** The ops that {@link norm} lowers. */
export const normNames: readonly string[] = [...norms.keys()];
