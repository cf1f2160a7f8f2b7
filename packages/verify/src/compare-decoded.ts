import {
  type Decoded,
  type DecodedTensor,
  type LossEntry,
  quantizedValues,
  type Reencoding,
  scaleValues,
  zeroPointValues,
} from "@vlm-export/backend-api";
import { type Diagnostic, type Model, type TensorData, type Value, windowsOf } from "@vlm-export/ir";

/** Result of comparing what an artifact holds with the frozen graph. */
export interface Proof {
  readonly tensorsCompared: number;
  /** Values that differ or are missing. */
  readonly tensorsDifferent: number;
  /** How many values each exact re-encoding was undone on. */
  readonly reencodings: Readonly<Partial<Record<Reencoding, number>>>;
  readonly decoder: string;
  readonly diagnostics: readonly Diagnostic[];
}

const MAX_LISTED = 20;

/**
 * Equality of every integer, scale and zero point: each quantized value of the frozen model must be in `decoded` with the same
 * storage type, bit-equal integers, scales and zero points, or be named in `losses`. Reads integers in windows.
 */
export function compareDecoded(backend: string, model: Model, decoded: Decoded, losses: readonly LossEntry[]): Proof {
  const byName = new Map(decoded.tensors.map((tensor) => [keyOf(tensor.component, tensor.value), tensor]));
  const excused = new Set(losses.map((loss) => keyOf(loss.component, loss.value)));
  const problems: { readonly component: string; readonly value: string; readonly message: string }[] = [];
  const reencodings: Partial<Record<Reencoding, number>> = {};
  let compared = 0;
  for (const [component, graph] of model.components) {
    for (const value of quantizedValues(graph)) {
      const key = keyOf(component, value.name);
      const tensor = byName.get(key);
      if (!tensor && excused.has(key)) continue;
      compared += 1;
      const difference = tensor ? differenceOf(value, tensor) : "is not in the artifact";
      if (difference) problems.push({ component, value: value.name, message: difference });
      for (const kind of tensor?.reencoded ?? []) reencodings[kind] = (reencodings[kind] ?? 0) + 1;
    }
  }
  return {
    tensorsCompared: compared,
    tensorsDifferent: problems.length,
    reencodings,
    decoder: decoded.decoder,
    diagnostics: listed(backend, problems),
  };
}

function listed(
  backend: string,
  problems: readonly { readonly component: string; readonly value: string; readonly message: string }[],
): readonly Diagnostic[] {
  const shown = problems.slice(0, MAX_LISTED).map(
    ({ component, value, message }): Diagnostic => ({
      code: "VX-VERIFY-DECODE",
      severity: "error",
      message: `the artifact's tensor ${message}.`,
      hint: "The artifact does not carry the graph's integers and must not be shipped; report this with the recipe and the graph hash.",
      where: { stage: "verify", backend, component, value },
    }),
  );
  if (problems.length <= MAX_LISTED) return shown;
  return [
    ...shown,
    {
      code: "VX-VERIFY-DECODE",
      severity: "error",
      message: `${problems.length - MAX_LISTED} more tensors differ.`,
      where: { stage: "verify", backend },
    },
  ];
}

/** What differs, in words; undefined when nothing does. */
function differenceOf(value: Value, tensor: DecodedTensor): string | undefined {
  const quant = value.type.quant;
  if (!quant) return "is quantized but the graph's value is not";
  if (!(tensor.scale instanceof Float32Array) || !Array.isArray(tensor.zeroPoint)) return "has no readable scales or zero points";
  if (tensor.storage !== quant.storage) return `holds ${tensor.storage}, the graph ${quant.storage}`;
  return (
    numbersDiffer("scale", scaleValues(quant), tensor.scale) ??
    numbersDiffer("zeroPoint", zeroPointValues(quant), tensor.zeroPoint) ??
    (value.data && (tensor.ints ? integersDiffer(value.data, tensor.ints) : "has no integers"))
  );
}

/** An absent list of zero points is a list of zeros. */
function numbersDiffer(what: string, expected: ArrayLike<number>, found: ArrayLike<number>): string | undefined {
  const count = Math.max(expected.length, found.length);
  if (expected.length !== found.length && expected.length > 0 === found.length > 0)
    return `has ${found.length} ${what}s, the graph ${expected.length}`;
  for (let i = 0; i < count; i += 1) {
    const [wanted, got] = [expected[i] ?? 0, found[i] ?? 0];
    if (wanted !== got) return `has ${what} ${got} at index ${i}, the graph ${wanted}`;
  }
  return undefined;
}

function integersDiffer(expected: TensorData, found: TensorData): string | undefined {
  if (expected.byteLength !== found.byteLength) return `has ${found.byteLength} bytes of integers, the graph ${expected.byteLength}`;
  let offset = 0;
  for (const wanted of windowsOf(expected)) {
    const got = found.bytes(offset, offset + wanted.byteLength);
    if (Buffer.compare(wanted, got) !== 0)
      return `differs from byte ${offset + wanted.findIndex((byte, i) => byte !== got[i])} of its integers on`;
    offset += wanted.byteLength;
  }
  return undefined;
}

function keyOf(component: string, value: string): string {
  return `${component}\u0000${value}`;
}

/** Values that two or more targets hold and whether all hold the same: the cross-target equality of the report. */
export function compareAcrossTargets(proofs: ReadonlyMap<string, Decoded>): { readonly tensors: number; readonly different: number } {
  const held = new Map<string, DecodedTensor[]>();
  for (const decoded of proofs.values()) {
    for (const tensor of decoded.tensors) {
      const key = keyOf(tensor.component, tensor.value);
      held.set(key, [...(held.get(key) ?? []), tensor]);
    }
  }
  const shared = [...held.values()].filter((tensors) => tensors.length > 1);
  return {
    tensors: shared.length,
    different: shared.filter(([first, ...rest]) => rest.some((tensor) => tensorsDiffer(first as DecodedTensor, tensor))).length,
  };
}

function tensorsDiffer(a: DecodedTensor, b: DecodedTensor): boolean {
  const qparams = numbersDiffer("scale", a.scale, b.scale) ?? numbersDiffer("zeroPoint", a.zeroPoint, b.zeroPoint);
  return (
    a.storage !== b.storage ||
    qparams !== undefined ||
    (a.ints !== undefined && b.ints !== undefined && integersDiffer(a.ints, b.ints) !== undefined)
  );
}
