import type { TfliteOptions } from "@vlm-export/formats/tflite";
import { elementCount, type Node, type Value } from "@vlm-export/ir";
import { lowerUnsupported } from "../../errors.js";
import { type Layout, rowMajor } from "../../layout.js";
import type { Lowering } from "../lowering.js";
import { formOf, inputOf, type Kernel, type LowerNode, outputOf } from "../node.js";

interface Binary {
  readonly op: string;
  readonly kernel: Kernel;
  readonly options?: TfliteOptions;
}

const binaryOps: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["Add", { op: "ADD", kernel: "free", options: { kind: "AddOptions", fusedActivationFunction: "NONE", potScaleInt16: false } }],
  ["And", { op: "LOGICAL_AND", kernel: "float", options: { kind: "LogicalAndOptions" } }],
  ["Div", { op: "DIV", kernel: "float", options: { kind: "DivOptions", fusedActivationFunction: "NONE" } }],
  ["Equal", { op: "EQUAL", kernel: "float", options: { kind: "EqualOptions" } }],
  ["Greater", { op: "GREATER", kernel: "float", options: { kind: "GreaterOptions" } }],
  ["GreaterOrEqual", { op: "GREATER_EQUAL", kernel: "float", options: { kind: "GreaterEqualOptions" } }],
  ["Less", { op: "LESS", kernel: "float", options: { kind: "LessOptions" } }],
  ["LessOrEqual", { op: "LESS_EQUAL", kernel: "float", options: { kind: "LessEqualOptions" } }],
  ["Max", { op: "MAXIMUM", kernel: "float", options: { kind: "MaximumMinimumOptions" } }],
  ["Min", { op: "MINIMUM", kernel: "float", options: { kind: "MaximumMinimumOptions" } }],
  ["Mul", { op: "MUL", kernel: "free", options: { kind: "MulOptions", fusedActivationFunction: "NONE" } }],
  ["Or", { op: "LOGICAL_OR", kernel: "float", options: { kind: "LogicalOrOptions" } }],
  ["Pow", { op: "POW", kernel: "float", options: { kind: "PowOptions" } }],
  ["Sub", { op: "SUB", kernel: "free", options: { kind: "SubOptions", fusedActivationFunction: "NONE", potScaleInt16: false } }],
  ["Xor", { op: "NOT_EQUAL", kernel: "float", options: { kind: "NotEqualOptions" } }],
]);

/** Elementwise functions of two operands, broadcast: both in the layout of an operand that has the result's rank. */
export const binary: LowerNode = (lowering, node) => {
  const { op, kernel, options } = binaryOps.get(node.op) as Binary;
  const [a, b, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  if (node.inputs.length > 2) throw lowerUnsupported(node.name, `${node.op} of ${node.inputs.length} operands, expected 2`);
  const rank = lowering.shape(y).length;
  const form = formOf(kernel, [a, b], y);
  const layout = commonLayout(lowering, [a, b], rank);
  const operands = [a, b].map((value) => lowering.readBroadcast(value, form, rank, layout));
  const inputs = node.op === "Pow" ? ofOneType(lowering, node, operands as [number, number]) : operands;
  lowering.emit(op, inputs, [lowering.write(y, form, layout)], options);
};

/** Base and exponent; a whole exponent of real numbers, which ONNX allows, becomes real. */
function ofOneType(lowering: Lowering, node: Node, [base, exponent]: readonly [number, number]): readonly number[] {
  const [inDataType, outDataType] = [exponent, base].map((tensor) => lowering.program.tensors[tensor]?.type);
  if (inDataType === outDataType) return [base, exponent];
  if (inDataType !== "INT32" || outDataType !== "FLOAT32") throw lowerUnsupported(node.name, "Pow of whole numbers with another exponent");
  const real = lowering.scratch(`${node.name}_exponent`, lowering.program.tensors[exponent]?.shape ?? []);
  lowering.emit("CAST", [exponent], [real], { kind: "CastOptions", inDataType, outDataType });
  return [base, real];
}

/** The ops that {@link binary} lowers. */
export const binaryNames: readonly string[] = [...binaryOps.keys()];

/** The layout of the largest operand that is no constant and has all the dimensions; so the least has to be moved. */
export function commonLayout(lowering: Lowering, operands: readonly Value[], rank: number): Layout {
  const size = (value: Value) => elementCount(lowering.shape(value));
  const candidates = operands.filter((value) => !value.data && lowering.shape(value).length === rank);
  const [largest] = [...candidates].sort((a, b) => size(b) - size(a));
  return largest ? lowering.layoutOf(largest) : rowMajor(rank);
}
