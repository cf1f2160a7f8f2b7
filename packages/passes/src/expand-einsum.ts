import type { GraphEditor, Node, Pass, Value } from "@vlm-export/ir";
import { staticShape } from "@vlm-export/ir";
import { parseEinsum } from "@vlm-export/ops";
import { expandAll, type StandIn, standIn } from "./stand-in.js";

/**
 * Einsum of two operands → one product of matrices between transposes and reshapes. Stay: extents that are not known, a label twice in
 * one term, a label of one operand that the output leaves out, extents that are broadcast.
 */
export const expandEinsum: Pass = {
  name: "legalize/expand-einsum",
  run: (edit) => expandAll(edit, "Einsum", expand),
};

/** The labels by what becomes of them. */
interface Labels {
  readonly extents: ReadonlyMap<string, number>;
  /** In both operands and the output. */
  readonly batch: readonly string[];
  /** In both operands only: summed over. */
  readonly inner: readonly string[];
  /** In one operand and the output. */
  readonly left: readonly string[];
  readonly right: readonly string[];
}

function expand(edit: GraphEditor, node: Node): boolean {
  const [a, b] = node.inputs;
  const equation = node.attrs["equation"];
  if (!a?.type.shape || !b?.type.shape || node.inputs.length !== 2 || typeof equation !== "string") return false;
  const parsed = parseEinsum(equation, [a.type.shape.length, b.type.shape.length]);
  const [first, second] = parsed.operands as readonly [readonly string[], readonly string[]];
  const labels = labelsOf([a, b], [first, second], parsed.output);
  if (!labels) return false;
  const { batch, inner, left, right } = labels;
  const write = standIn(edit, node);
  const x = matricesOf(write, { value: a, labels: first }, [batch, left, inner], labels);
  const y = matricesOf(write, { value: b, labels: second }, [batch, inner, right], labels);
  const order = [...batch, ...left, ...right];
  const product = reshaped(write, write.op("MatMul", [x, y]), sizesOf(order, labels));
  write.replace(node.outputs[0], transposed(write, product, permutation(order, parsed.output)));
  return true;
}

function labelsOf(
  values: readonly [Value, Value],
  [first, second]: readonly [readonly string[], readonly string[]],
  output: readonly string[],
): Labels | undefined {
  const extents = extentsOf(values, [first, second]);
  const isOnce = [first, second].every((labels) => new Set(labels).size === labels.length);
  const isLost = (label: string, other: readonly string[]): boolean => !output.includes(label) && !other.includes(label);
  if (!extents || !isOnce || first.some((label) => isLost(label, second)) || second.some((label) => isLost(label, first))) return undefined;
  const shared = first.filter((label) => second.includes(label));
  return {
    extents,
    batch: shared.filter((label) => output.includes(label)),
    inner: shared.filter((label) => !output.includes(label)),
    left: first.filter((label) => !second.includes(label)),
    right: second.filter((label) => !first.includes(label)),
  };
}

/** Undefined unless all extents are known and a label has one extent. */
function extentsOf(values: readonly Value[], terms: readonly (readonly string[])[]): ReadonlyMap<string, number> | undefined {
  const extents = new Map<string, number>();
  for (const [i, value] of values.entries()) {
    const shape = staticShape(value.type);
    if (!shape) return undefined;
    for (const [axis, label] of (terms[i] ?? []).entries()) {
      const extent = shape[axis] ?? 1;
      if ((extents.get(label) ?? extent) !== extent) return undefined;
      extents.set(label, extent);
    }
  }
  return extents;
}

interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** The operand as [...batch, rows, columns]. */
function matricesOf(
  write: StandIn,
  { value, labels }: Term,
  [batch, rows, columns]: readonly [readonly string[], readonly string[], readonly string[]],
  { extents }: Labels,
): Value {
  const order = [...batch, ...rows, ...columns];
  const count = (group: readonly string[]): number => group.reduce((product, label) => product * (extents.get(label) ?? 1), 1);
  const sizes = [...batch.map((label) => extents.get(label) ?? 1), count(rows), count(columns)];
  return reshaped(write, transposed(write, value, permutation(labels, order)), sizes);
}

function sizesOf(labels: readonly string[], { extents }: Labels): readonly number[] {
  return labels.map((label) => extents.get(label) ?? 1);
}

function permutation(from: readonly string[], to: readonly string[]): readonly number[] {
  return to.map((label) => from.indexOf(label));
}

function transposed(write: StandIn, value: Value, perm: readonly number[]): Value {
  return perm.every((axis, i) => axis === i) ? value : write.op("Transpose", [value], { perm: [...perm] });
}

function reshaped(write: StandIn, value: Value, sizes: readonly number[]): Value {
  return String(value.type.shape) === String(sizes) ? value : write.op("Reshape", [value, write.ints(...sizes)]);
}
