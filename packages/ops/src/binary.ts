import type { Dim, OpDef, TensorData } from "@vlm-export/ir";
import type { AttributeReader } from "./attributes.js";
import { broadcastIndices, broadcastShapes } from "./broadcast.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import type { EvaluateCall, InferCall } from "./op-call.js";
import { bigintsOf, boolTensor, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "./small-tensor.js";

/** An op z = f(x, y) on broadcast elements, output typed like the inputs. */
export interface BinarySpec extends Pick<OpSpec, "name" | "doc" | "since"> {
  readonly real: (call: AttributeReader) => (x: number, y: number) => number;
  /** f on integer types, exact. Absent = the op takes no integers. */
  readonly integer?: (call: AttributeReader) => (x: bigint, y: bigint) => bigint;
  /** f on extents: shape arithmetic. */
  readonly dims?: (x: Dim, y: Dim) => Dim | undefined;
  readonly quant?: OpSpec["quant"];
  /** Default: both operands are activations when the op computes. */
  readonly quantizable?: OpSpec["quantizable"];
}

const BOTH: OpSpec["quantizable"] = ["activation", "activation"];

/** Makes an op of two broadcast operands. */
export function binaryOp(spec: BinarySpec): OpDef {
  const { name, doc, since, quant = "compute", dims } = spec;
  return onnxOp({
    name,
    doc,
    since,
    quant,
    ...(quant === "compute" && { quantizable: spec.quantizable ?? BOTH }),
    infer: (call) => [{ dtype: commonDtype(call), shape: broadcastShapes(call, [call.shape(0), call.shape(1)]) }],
    ...(dims && { elements: (call: InferCall) => combineElements(call, dims) }),
    evaluate: (call) => [combine(call, spec)],
  });
}

/** A comparison z = x ∘ y, output bool. */
export interface CompareSpec extends Pick<OpSpec, "name" | "doc" | "since"> {
  readonly holds: (x: number | bigint, y: number | bigint) => boolean;
  readonly dims?: (x: Dim, y: Dim) => Dim | undefined;
}

/** Makes a comparison. */
export function compareOp({ name, doc, since, holds, dims }: CompareSpec): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant: "float",
    infer: (call) => [{ dtype: "bool", shape: broadcastShapes(call, [call.shape(0), call.shape(1)]) }],
    ...(dims && { elements: (call: InferCall) => combineElements(call, dims) }),
    evaluate: (call) => {
      const { shape } = call.output();
      const [x, y] = [call.data(0), call.data(1)];
      const [xs, ys] = isIntegerType(x.dtype) ? [bigintsOf(x), bigintsOf(y)] : [numbersOf(x), numbersOf(y)];
      const [at, bt] = [broadcastIndices(x.shape, shape), broadcastIndices(y.shape, shape)];
      return [
        boolTensor(
          shape,
          Uint8Array.from(at, (a, k) => (holds(xs[a] as number, ys[bt[k] as number] as number) ? 1 : 0)),
        ),
      ];
    },
  });
}

/** The element type of the first operand that has a known one. */
export function commonDtype(call: InferCall): TensorData["dtype"] {
  return call.inputs.find((input) => input && input.dtype !== "unknown")?.dtype ?? "unknown";
}

function combine(call: EvaluateCall, { real, integer }: Pick<BinarySpec, "real" | "integer">): TensorData {
  const { dtype, shape } = call.output();
  const [x, y] = [call.data(0), call.data(1)];
  const [at, bt] = [broadcastIndices(x.shape, shape), broadcastIndices(y.shape, shape)];
  if (integer && isIntegerType(dtype)) {
    const f = integer(call);
    const [xs, ys] = [bigintsOf(x), bigintsOf(y)];
    return tensorOfBigints(
      dtype,
      shape,
      Array.from(at, (a, k) => f(xs[a] as bigint, ys[bt[k] as number] as bigint)),
    );
  }
  const f = real(call);
  const [xs, ys] = [numbersOf(x), numbersOf(y)];
  const zs = new Float64Array(at.length);
  for (let k = 0; k < zs.length; k += 1) zs[k] = f(xs[at[k] as number] as number, ys[bt[k] as number] as number);
  return tensorOf(dtype, shape, zs);
}

/** Broadcast elements of vectors or scalars combined one by one; undefined when one of them cannot be told. */
function combineElements(call: InferCall, f: (x: Dim, y: Dim) => Dim | undefined): readonly Dim[] | undefined {
  if (call.inputs.some((input) => (input?.shape?.length ?? 2) > 1)) return undefined;
  const [xs, ys] = stretched([call.elements(0), call.elements(1)]);
  const combined = xs.map((x, k) => f(x, ys[k] as Dim));
  return combined.length > 0 && combined.every((dim) => dim !== undefined) ? combined : undefined;
}

/** Both lists at the greater length; empty where one is unknown or they do not broadcast. */
function stretched([xs, ys]: readonly [Elements, Elements]): readonly [readonly Dim[], readonly Dim[]] {
  if (!xs || !ys) return [[], []];
  const count = Math.max(xs.length, ys.length);
  const stretch = (list: readonly Dim[]): readonly Dim[] =>
    list.length === 1 ? Array.from({ length: count }, () => list[0] as Dim) : list;
  const both = [stretch(xs), stretch(ys)] as const;
  return both[0].length === both[1].length ? both : [[], []];
}

type Elements = readonly Dim[] | undefined;
