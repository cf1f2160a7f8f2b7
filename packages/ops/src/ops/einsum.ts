import { type Dim, elementCount, type OpDef } from "@vlm-export/ir";
import { commonDtype } from "../binary.js";
import { onnxOp } from "../define-op.js";
import { type Einsum, parseEinsum } from "../einsum-equation.js";
import { opEquation } from "../errors.js";
import { unifyDims } from "../extents.js";
import type { EvaluateCall, InferCall, Shape } from "../op-call.js";
import { numberOf, productOf } from "../shape-math.js";
import { numbersOf, tensorOf } from "../small-tensor.js";
import { stridedIndices, stridesOf } from "../take.js";

/** ONNX Einsum. A constant operand is a weight. */
export const einsum: OpDef = onnxOp({
  name: "Einsum",
  doc: "sum of products over the labels that the output of `equation` does not name",
  since: 12,
  quant: "compute",
  quantizable: ["weight"],
  infer: (call) => {
    const parsed = parsedFor(call);
    const extents = parsed && extentsOf(call, parsed);
    const shape: Shape = extents && parsed.output.map((label) => extents.get(label) as Dim);
    return [{ dtype: commonDtype(call), shape }];
  },
  evaluate: (call) => [contract(call)],
  macs: (call) => {
    const parsed = parsedFor(call);
    return parsed && numberOf(productOf([...extentsOf(call, parsed).values()]));
  },
  weightAxes: (index, call) => {
    const parsed = parsedFor(call);
    const labels = parsed?.operands[index];
    if (!parsed || !labels || parsed.operands.length !== 2) return undefined;
    const other = parsed.operands[1 - index] as readonly string[];
    const channel = labels.findLastIndex((label) => parsed.output.includes(label) && !other.includes(label));
    const reduce = labels.findLastIndex((label) => !parsed.output.includes(label) && other.includes(label));
    return channel >= 0 && reduce >= 0 ? { channel, reduce } : undefined;
  },
});

function parsedFor(call: InferCall): Einsum | undefined {
  const ranks = call.inputs.map((_, i) => call.shape(i)?.length);
  return ranks.every((rank) => rank !== undefined) ? parseEinsum(call.text("equation"), ranks) : undefined;
}

/** Extent of every label; an extent of 1 broadcasts. */
function extentsOf(call: InferCall, { operands }: Einsum): ReadonlyMap<string, Dim> {
  const extents = new Map<string, Dim>();
  operands.forEach((labels, operand) =>
    labels.forEach((label, axis) => {
      const extent = call.shape(operand)?.[axis] as Dim;
      const before = extents.get(label) ?? 1;
      const common = before === 1 ? extent : extent === 1 ? before : unifyDims(before, extent);
      if (common === undefined) throw opEquation(call.text("equation"), `label ${label} is both ${before} and ${extent}`);
      extents.set(label, common);
    }),
  );
  return extents;
}

function contract(call: EvaluateCall): ReturnType<typeof tensorOf> {
  const { dtype, shape } = call.output();
  const operands = call.inputs.map((_, i) => call.data(i));
  const { operands: terms, output } = parseEinsum(
    call.text("equation"),
    operands.map((data) => data.shape.length),
  );
  const extents = new Map<string, number>();
  terms.forEach((labels, i) =>
    labels.forEach((label, axis) => extents.set(label, common(extents.get(label) ?? 1, operands[i]?.shape[axis] as number))),
  );
  const summed = [...extents.keys()].filter((label) => !output.includes(label));
  const walk = [...output, ...summed];
  const walkShape = walk.map((label) => extents.get(label) as number);
  const products = new Float64Array(elementCount(walkShape)).fill(1);
  operands.forEach((data, i) => {
    const values = numbersOf(data);
    stridedIndices(walkShape, labelStrides(data.shape, terms[i] as readonly string[], walk)).forEach((at, k) => {
      products[k] = (products[k] as number) * (values[at] as number);
    });
  });
  const group = summed.reduce((count, label) => count * (extents.get(label) as number), 1);
  const sums = Array.from({ length: elementCount(shape) }, (_, k) =>
    products.subarray(k * group, (k + 1) * group).reduce((a, b) => a + b, 0),
  );
  return tensorOf(dtype, shape, sums);
}

/** An extent of 1 gives way. */
function common(before: number, extent: number): number {
  return before === 1 ? extent : before;
}

/** Stride of each label in one operand: a label that occurs twice runs along the diagonal, an extent of 1 stands still. */
function labelStrides(shape: readonly number[], labels: readonly string[], walk: readonly string[]): readonly number[] {
  const strides = stridesOf(shape);
  return walk.map((label) =>
    labels.reduce((sum, other, axis) => (other === label && shape[axis] !== 1 ? sum + (strides[axis] as number) : sum), 0),
  );
}
