import type { TfliteOptions } from "@vlm-export/formats/tflite";
import type { Node } from "@vlm-export/ir";
import { formOf, inputOf, type Kernel, type LowerNode, numberAttr, outputOf, textAttr } from "../node.js";

interface Unary {
  readonly op: string;
  /** int8 kernel (LiteRT quantization spec). */
  readonly kernel: Kernel;
  readonly options?: (node: Node) => TfliteOptions;
}

const probability: Kernel = { scale: 1 / 256, zeroPoint: -128 };
const unaryOps: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["Abs", { op: "ABS", kernel: "float", options: () => ({ kind: "AbsOptions" }) }],
  ["Ceil", { op: "CEIL", kernel: "float" }],
  ["Cos", { op: "COS", kernel: "float", options: () => ({ kind: "CosOptions" }) }],
  ["Exp", { op: "EXP", kernel: "float", options: () => ({ kind: "ExpOptions" }) }],
  ["Floor", { op: "FLOOR", kernel: "float" }],
  [
    "Gelu",
    {
      op: "GELU",
      kernel: "free",
      options: (node) => ({ kind: "GeluOptions", approximate: textAttr(node, "approximate", "none") === "tanh" }),
    },
  ],
  ["HardSwish", { op: "HARD_SWISH", kernel: "free", options: () => ({ kind: "HardSwishOptions" }) }],
  [
    "LeakyRelu",
    { op: "LEAKY_RELU", kernel: "free", options: (node) => ({ kind: "LeakyReluOptions", alpha: numberAttr(node, "alpha", 0.01) }) },
  ],
  ["Log", { op: "LOG", kernel: "float" }],
  ["Neg", { op: "NEG", kernel: "float", options: () => ({ kind: "NegOptions" }) }],
  ["Not", { op: "LOGICAL_NOT", kernel: "float", options: () => ({ kind: "LogicalNotOptions" }) }],
  ["Round", { op: "ROUND", kernel: "float" }],
  ["Sigmoid", { op: "LOGISTIC", kernel: probability }],
  ["Sin", { op: "SIN", kernel: "float" }],
  ["Sqrt", { op: "SQRT", kernel: "float" }],
  ["Tanh", { op: "TANH", kernel: { scale: 1 / 128, zeroPoint: 0 } }],
]);

/** Elementwise functions of one operand that are one TFLite operator: any layout will do. */
export const unary: LowerNode = (lowering, node) => {
  const { op, kernel, options } = unaryOps.get(node.op) as Unary;
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf(kernel, [x], y);
  const { tensor, layout } = lowering.place(x, form);
  lowering.emit(op, [tensor], [lowering.write(y, form, layout)], options?.(node));
};

/** The ops that {@link unary} lowers. */
export const unaryNames: readonly string[] = [...unaryOps.keys()];
