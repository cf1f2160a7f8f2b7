import {
  captureIn,
  definitionOf,
  GraphEditor,
  type GraphPlace,
  graphTree,
  isRead,
  type Node,
  type OpRegistry,
  outputsOf,
  type Pass,
  releaseIn,
  type TensorData,
  type Value,
  widenedTensor,
} from "@vlm-export/ir";
import { MAX_TOTAL_BYTES } from "./fold-constants.js";
import { foldedOutputs, outputBytes, unlessRefused } from "./folded-outputs.js";
import { isWidenedLate, isWidening } from "./widen-casts.js";

/**
 * What {@link foldConstants} does, in the bodies of If, Loop and Scan, with constants of theirs and those that they take from outside. What comes
 * of it is a constant of the innermost graph that has one of the operands: bodies that do the same with a weight that they share, share it.
 * Shapes are not folded: those that a body declares may be those of its first turn.
 */
export const foldNestedConstants: Pass = {
  name: "normalize/fold-nested-constants",

  run(edit, { ops, signal }) {
    const folding = new NestedFolding(ops);
    for (const place of graphTree(edit.graph).places) {
      if (!place.holder) continue;
      for (const node of place.graph.nodes) {
        signal?.throwIfAborted();
        folding.fold(place, node);
      }
    }
    return { modified: folding.apply() };
  },
};

/** A tensor that needs nothing computed to be known, with what it is made from and the graph in which it can stand. */
interface Known {
  readonly id: number;
  readonly place: GraphPlace;
  readonly data: TensorData;
  /** Name of its constant. */
  readonly name: string;
  /** The constant whose name and role it takes over where nobody reads that any more. */
  readonly widens?: Value;
  /** The constant that holds it, where there is one. */
  constant?: Value;
}

/** Folds in two steps, so that what is known in one body is known in all before any changes. */
class NestedFolding {
  private readonly ops: OpRegistry;
  private readonly values = new Map<Value, Known>();
  /** Results of {@link keyOf}. */
  private readonly results = new Map<string, readonly (Known | undefined)[]>();
  private readonly folded: { readonly place: GraphPlace; readonly node: Node }[] = [];
  private nextId = 1;
  private left = MAX_TOTAL_BYTES;

  constructor(ops: OpRegistry) {
    this.ops = ops;
  }

  /** Looks at a node, after those that it reads. */
  fold(place: GraphPlace, node: Node): void {
    const operands = node.inputs.map((value) => value && this.knownOf(place, value));
    if (!operands.some(Boolean) || operands.includes(undefined)) return;
    const results = this.resultsOf(place, node, operands as readonly (Known | null)[]);
    if (!node.outputs.every((value, i) => !value || results[i])) return;
    this.folded.push({ place, node });
    for (const [i, value] of node.outputs.entries()) if (value) this.values.set(value, results[i] as Known);
  }

  /** Makes the constants that are read, and removes what is read no longer, readers first. True when there was something to fold. */
  apply(): boolean {
    for (const { place, node } of this.folded.toReversed()) {
      const edit = new GraphEditor(this.ops, place.graph);
      for (const value of outputsOf(node).filter((output) => isRead(place.graph, output))) {
        const constant = this.constantOf(this.values.get(value) as Known);
        edit.replaceAllUses(value, captureIn(this.ops, place, constant, { dtype: constant.type.dtype, shape: undefined }));
      }
      edit.erase(node);
      for (const value of new Set(node.inputs)) if (value) releaseIn(this.ops, place, value);
    }
    for (const known of this.values.values()) this.takeOver(known);
    return this.folded.length > 0;
  }

  private knownOf(place: GraphPlace, read: Value): Known | undefined {
    const { place: at, value } = definitionOf(place, read);
    const known = this.values.get(value);
    if (known || !value.data || value.type.quant) return known;
    const constant: Known = { id: this.nextId++, place: at, data: value.data, name: value.name, constant: value };
    this.values.set(value, constant);
    return constant;
  }

  private resultsOf(place: GraphPlace, node: Node, operands: readonly (Known | null)[]): readonly (Known | undefined)[] {
    if (node.op === "Identity") return place.graph.outputs.includes(node.outputs[0] as Value) ? [] : (operands as readonly Known[]);
    const key = keyOf(node, operands);
    const known = key === undefined ? undefined : this.results.get(key);
    if (known) return known;
    const results = this.evaluate(node, operands);
    if (key !== undefined) this.results.set(key, results);
    return results;
  }

  /** The results of the node alone with its operands: in its graph the shapes of those that come from outside count as unknown. */
  private evaluate(node: Node, operands: readonly (Known | null)[]): readonly (Known | undefined)[] {
    const place = operands.flatMap((operand) => operand?.place ?? []).reduce(innermost);
    const [first] = operands;
    if (isWidening(node) && first && isWidenedLate(first.data)) {
      const name = first.constant ? `${first.name}_f32` : first.name;
      return [{ id: this.nextId++, place, data: widenedTensor(first.data), name, ...(first.constant && { widens: first.constant }) }];
    }
    const tensors = this.tensorsOf(
      node,
      operands.map((operand) => operand && operand.data),
    );
    return node.outputs.map((value, i): Known | undefined => {
      const data = tensors[i];
      return value && data ? { id: this.nextId++, place, data, name: `${value.name}_folded` } : undefined;
    });
  }

  private tensorsOf({ op, attrs, outputs }: Node, operands: readonly (TensorData | null)[]): readonly TensorData[] {
    const alone = new GraphEditor(this.ops, "alone");
    const inputs = operands.map((data, i) => data && alone.addConstant(`operand_${i}`, data));
    const names = outputs.map((value, i) => value && `result_${i}`);
    unlessRefused(() => alone.insert(op, inputs, attrs, { outputs: names }));
    const [twin] = alone.graph.nodes;
    const tensors = (twin && outputBytes(twin) <= this.left && foldedOutputs(twin, this.ops)) || [];
    this.left -= tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return tensors;
  }

  /** A constant that is widened from the same 16-bit floats is there already where the graph itself has such a Cast. */
  private constantOf(known: Known): Value {
    const { place, data, name } = known;
    const edit = new GraphEditor(this.ops, place.graph);
    const twin = data.narrow && place.graph.constants.find((constant) => constant.data?.narrow === data.narrow);
    known.constant ??= twin ?? edit.addConstant(edit.freshName(name), data);
    return known.constant;
  }

  private takeOver({ place: { graph }, widens, constant }: Known): void {
    if (!widens || !constant || graph.value(widens.name) || graph.value(constant.name) !== constant) return;
    const edit = new GraphEditor(this.ops, graph);
    edit.rename(constant, widens.name);
    if (widens.role !== undefined) edit.setRole(constant, widens.role);
  }
}

function innermost(a: GraphPlace, b: GraphPlace): GraphPlace {
  return b.path.length > a.path.length ? b : a;
}

/** The same for operators that do the same to the same tensors; undefined where attributes are more than numbers and words. */
function keyOf({ op, attrs, outputs }: Node, operands: readonly (Known | null)[]): string | undefined {
  const entries = Object.entries(attrs);
  if (entries.some(([, value]) => typeof value === "object" && !Array.isArray(value))) return undefined;
  const words = entries.map(([name, value]) => [name, typeof value, Array.isArray(value) ? value : String(value)]).sort();
  return JSON.stringify([op, words, operands.map((operand) => operand?.id ?? 0), outputs.map(Boolean)]);
}
