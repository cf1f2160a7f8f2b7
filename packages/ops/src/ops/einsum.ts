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
  const shapeOf = (labels: readonly string[]): readonly number[] => labels.map((label) => extents.get(label) as number);
  const walked = operands.map((data, i): Walked => {
    const labels = terms[i] as readonly string[];
    const starts = stridedIndices(shapeOf(output), labelStrides(data.shape, labels, output));
    return { values: numbersOf(data), starts, strides: labelStrides(data.shape, labels, summed) };
  });
  const sums = Array.from({ length: elementCount(shape) }, (_, k) => sumOfProducts(walked, shapeOf(summed), k));
  return tensorOf(dtype, shape, sums);
}

/** An operand while it is walked through. */
interface Walked {
  readonly values: ArrayLike<number>;
  /** Flat index of the first of its elements that each element of the result reads. */
  readonly starts: Int32Array;
  /** How far apart the others lie, along the labels that are summed. */
  readonly strides: readonly number[];
}

/** Element `k` of the result. Indices are counted, not held: there may be as many as multiply-accumulates. */
function sumOfProducts(operands: readonly Walked[], shape: readonly number[], k: number): number {
  const at = operands.map(({ starts }) => starts[k] as number);
  const index = shape.map(() => 0);
  let sum = 0;
  for (let left = elementCount(shape); left > 0; left -= 1) {
    let product = 1;
    for (let i = 0; i < operands.length; i += 1) product *= (operands[i] as Walked).values[at[i] as number] as number;
    sum += product;
    step(operands, shape, { at, index });
  }
  return sum;
}

/** Goes on to the next index of `shape` in row-major order. */
function step(operands: readonly Walked[], shape: readonly number[], place: { readonly at: number[]; readonly index: number[] }): void {
  const { at, index } = place;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const extent = shape[axis] as number;
    const isLast = (index[axis] as number) + 1 === extent;
    for (let i = 0; i < at.length; i += 1) {
      const stride = (operands[i] as Walked).strides[axis] as number;
      at[i] = (at[i] as number) + (isLast ? stride - extent * stride : stride);
    }
    index[axis] = isLast ? 0 : (index[axis] as number) + 1;
    if (!isLast) return;
  }
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
