import { VxError } from "./diagnostic.js";
import { importDuplicateName } from "./errors.js";
import { isRead } from "./graph-parts.js";
import { GraphStore, readBy, type Writable } from "./graph-store.js";
import type { Attrs, Graph, Node, OpName, Value } from "./graph.js";
import { mergeTypes, sameInferredType } from "./merge-types.js";
import type { InferContext, OpDef, OpRegistry } from "./op-def.js";
import type { TensorData } from "./tensor-data.js";
import { sameShape, type TensorType } from "./types.js";

const UNKNOWN: TensorType = { dtype: "unknown", shape: undefined };
const NO_CAPTURES: ReadonlyMap<string, Value> = new Map();

/** What a new node may carry beyond op, inputs and attributes. */
export interface InsertOptions {
  /** Preferred node name; made unique when taken. */
  readonly name?: string;
  /** Output names, null for an unused optional output; its length is the number of outputs (default 1). */
  readonly outputs?: readonly (string | null)[];
  /** Types from elsewhere (value_info, a pass that knows); merged with what the op's shape rule says. */
  readonly types?: readonly (TensorType | undefined)[];
  readonly origin?: readonly string[];
  readonly role?: string;
  readonly captures?: ReadonlyMap<string, Value>;
}

/** What types are inferred by. */
type TypeRules = Pick<OpDef, "infer" | "elements">;

/**
 * The only way to change a graph. Every edit re-runs the shape rules of the nodes that it touches; a rule's VxError gets the
 * node's name. Node order is settled by {@link GraphEditor.settle}, which the pass runner calls after each pass.
 */
export class GraphEditor {
  readonly ops: OpRegistry;
  private readonly store: GraphStore;
  /** The first number that may be free behind a base that was asked for; forgotten when a name becomes free. */
  private readonly freeNumbers = new Map<string, number>();

  /** Edits `graph` in place; without one, a new empty graph of that name. */
  constructor(ops: OpRegistry, graph: Graph | string) {
    this.ops = ops;
    this.store = typeof graph === "string" ? new GraphStore(graph) : (graph as GraphStore);
  }

  get graph(): Graph {
    return this.store;
  }

  /** False once the node was erased. */
  isLive(node: Node): boolean {
    return this.store.has(node);
  }

  /** Throws VX-IMPORT-DUPLICATE-NAME when the name is taken. */
  addInput(name: string, type: TensorType): Value {
    const value = this.newValue(name, type);
    this.store.inputs.push(value);
    return value;
  }

  /** Stand-in for a value of the enclosing graph, named as inside. */
  addCapture(name: string, type: TensorType): Value {
    const value = this.newValue(name, type);
    this.store.captures.push(value);
    return value;
  }

  /** Nested graphs of the node read `value` under `name`, of which each that does has a capture; undefined takes the name back. */
  setCapture(node: Node, name: string, value: Value | undefined): void {
    const old = node.captures.get(name);
    if (old) this.store.removeUse(old, node);
    const captures = new Map(node.captures);
    if (value) captures.set(name, value);
    else captures.delete(name);
    (node as Writable<Node>).captures = captures;
    if (value) this.store.addUse(value, node);
  }

  /** Removes a stand-in that nobody reads. Throws RangeError when it is in use. */
  eraseCapture(value: Value): void {
    if (isRead(this.store, value)) throw new RangeError(`eraseCapture: ${value.name} is still read`);
    this.store.captures.splice(this.store.captures.indexOf(value), 1);
    this.store.values.delete(value.name);
    this.freeNumbers.clear();
  }

  /** Throws VX-IMPORT-DUPLICATE-NAME when the name is taken; see {@link freshName}. `type` defaults to the data's. */
  addConstant(name: string, data: TensorData, type?: TensorType, role?: string): Value {
    const value = this.newValue(name, type ?? { dtype: data.dtype, shape: data.shape });
    Object.assign(value as Writable<Value>, { data, ...(role !== undefined && { role }) });
    this.store.addConstant(value);
    return value;
  }

  /** Replaces data and type of a constant, for example by its integers. */
  setData(value: Value, data: TensorData, type: TensorType): void {
    Object.assign(value as Writable<Value>, { data, type });
  }

  addOutput(value: Value): void {
    this.store.outputs.push(value);
  }

  /**
   * Makes output `index`, and every other output that is the same value, another value; the output's name in the model's interface becomes
   * that value's.
   */
  setOutput(index: number, value: Value): void {
    const old = this.store.outputs[index];
    if (!old || old === value) return;
    const name = old.name;
    this.rename(old, this.freshName(`${name}_inner`));
    this.rename(value, name);
    this.putOutputs(old, value);
  }

  /** `base` when free, else `base_1`, `base_2`…; for values and nodes alike. */
  freshName(base: string): string {
    let name = base;
    for (let n = this.freeNumbers.get(base) ?? 1; this.store.values.has(name) || this.store.nodeNames.has(name); n += 1) {
      name = `${base}_${n}`;
      this.freeNumbers.set(base, n);
    }
    return name;
  }

  /** Adds a node and returns its outputs (unused optional outputs left out). Throws VX-OP-* when its shape rule refuses. */
  insert(op: OpName, inputs: readonly (Value | null)[], attrs: Attrs = {}, options: InsertOptions = {}): readonly Value[] {
    const name = this.freshName(options.name ?? `${op.split("::").at(-1)}_${this.store.nextId}`);
    const node: Writable<Node> = {
      id: this.store.nextId++,
      op,
      name,
      inputs,
      outputs: [],
      attrs: Object.assign(Object.create(null) as Attrs, attrs),
      origin: options.origin ?? [],
      captures: options.captures ?? NO_CAPTURES,
      ...(options.role !== undefined && { role: options.role }),
    };
    const names = options.outputs ?? [this.freshName(`${name}_out`)];
    node.outputs = names.map((outputName, i) => {
      if (outputName === null) return null;
      const value = this.newValue(outputName, options.types?.[i] ?? UNKNOWN) as Writable<Value>;
      value.producer = node;
      return value;
    });
    this.store.addNode(node);
    this.infer(node);
    return node.outputs.filter((value) => value !== null);
  }

  /** Rewires one operand. */
  replaceInput(node: Node, index: number, value: Value | null): void {
    const old = node.inputs[index];
    if (old) this.store.removeUse(old, node);
    (node as Writable<Node>).inputs = node.inputs.map((input, i) => (i === index ? value : input));
    if (value) this.store.addUse(value, node);
    this.propagate([node]);
  }

  /**
   * Every reader of `from` (nodes, nested graphs, graph outputs) reads `to`. A graph output keeps its name: `to` takes it
   * over, or an Identity bears it when `to` is an input, a constant or an output already. A new producer without origin or
   * role gets those of the old one.
   */
  replaceAllUses(from: Value, to: Value): void {
    if (from === to) return;
    this.inheritProvenance(from, to);
    const users = this.store.users(from);
    for (const node of users) {
      if (node === to.producer) continue;
      const writable = node as Writable<Node>;
      for (const value of readBy(node))
        if (value === from) {
          this.store.removeUse(from, node);
          this.store.addUse(to, node);
        }
      writable.inputs = node.inputs.map((input) => (input === from ? to : input));
      if (node.captures.size > 0)
        writable.captures = new Map([...node.captures].map(([name, value]) => [name, value === from ? to : value]));
    }
    if (this.store.outputs.includes(from)) this.replaceOutput(from, to);
    this.propagate(users.filter((node) => node !== to.producer));
  }

  /** Removes a node that nobody reads; its outputs vanish. Throws RangeError when an output is still in use: a caller's bug. */
  erase(node: Node): void {
    for (const value of node.outputs) {
      if (value && isRead(this.store, value)) throw new RangeError(`erase: ${node.name} output ${value.name} is still read`);
    }
    this.store.removeNode(node);
    this.freeNumbers.clear();
    for (const value of node.outputs) if (value) this.store.values.delete(value.name);
  }

  /** Removes a constant that nobody reads. Throws RangeError when it is in use. */
  eraseConstant(value: Value): void {
    if (isRead(this.store, value)) throw new RangeError(`eraseConstant: ${value.name} is still read`);
    this.store.removeConstant(value);
    this.freeNumbers.clear();
  }

  /** Sets the type, for example to a quantized one, and re-infers the readers. */
  retype(value: Value, type: TensorType): void {
    (value as Writable<Value>).type = type;
    this.propagate(this.store.users(value));
  }

  /** Throws VX-IMPORT-DUPLICATE-NAME when the name is taken. */
  rename(value: Value, name: string): void {
    if (this.store.values.has(name)) throw importDuplicateName("value", name);
    this.store.values.delete(value.name);
    this.freeNumbers.clear();
    (value as Writable<Value>).name = name;
    this.store.values.set(name, value);
  }

  setRole(target: Node | Value, role: string): void {
    (target as Writable<Node | Value>).role = role;
  }

  setAttrs(node: Node, attrs: Attrs): void {
    (node as Writable<Node>).attrs = Object.assign(Object.create(null) as Attrs, attrs);
    this.propagate([node]);
  }

  /** Topological order; throws VX-IMPORT-CYCLE. */
  settle(): void {
    this.store.sort();
  }

  /**
   * Topological order in which the nodes from place `first` on, added last, stand right behind what they read: engines that hold a list of all
   * that could run next hold a short one then. Throws VX-IMPORT-CYCLE.
   */
  settleBeside(first: number): void {
    this.settle();
    this.store.putBeside(first);
  }

  /** Runs every shape rule once in order: after an import, or after input shapes were fixed. */
  inferAll(): void {
    this.settle();
    for (const node of this.store.nodes) this.infer(node);
  }

  private newValue(name: string, type: TensorType): Value {
    if (this.store.values.has(name)) throw importDuplicateName("value", name);
    const value: Value = { id: this.store.nextId++, name, type };
    this.store.values.set(name, value);
    return value;
  }

  private inheritProvenance(from: Value, to: Value): void {
    const [old, next] = [from.producer, to.producer as Writable<Node> | undefined];
    if (!old || !next || old === next) return;
    if (next.origin.length === 0) next.origin = old.origin;
    if (next.role === undefined && old.role !== undefined) next.role = old.role;
  }

  /** What is known of the output's shape stays known: inside operators it may be declared alone, and engines ask for it there. */
  private replaceOutput(from: Value, to: Value): void {
    const { name } = from;
    const type: TensorType = { dtype: "unknown", shape: from.type.shape };
    this.rename(from, this.freshName(`${name}_replaced`));
    let bearer = to;
    if (to.producer && !this.store.outputs.includes(to)) {
      this.rename(to, name);
      if (this.refine(to, mergeTypes(type, to.type))) this.propagate(this.store.users(to));
    } else bearer = this.insert("Identity", [to], {}, { outputs: [name], types: [type], origin: from.producer?.origin ?? [] })[0] as Value;
    this.putOutputs(from, bearer);
  }

  /** Two values cannot share a name, so a value that is several outputs is replaced in all of them. */
  private putOutputs(from: Value, to: Value): void {
    const { outputs } = this.store;
    outputs.forEach((output, slot) => {
      if (output === from) outputs[slot] = to;
    });
  }

  /** Infers the nodes and, where an output's type changed, their readers, and so on. */
  private propagate(nodes: readonly Node[]): void {
    const queue = new Set(nodes);
    for (const node of queue) {
      queue.delete(node);
      if (!this.store.has(node)) continue;
      for (const value of this.infer(node)) for (const user of this.store.users(value)) queue.add(user);
    }
  }

  /** Runs the shape rule of one node; returns the outputs whose type changed. */
  private infer(node: Node): readonly Value[] {
    const def: TypeRules | undefined = this.ops.get(node.op) ?? this.ops.passThrough?.(node.op);
    if (!def) return [];
    const inputs = node.inputs.map((value) => value?.type ?? null);
    const context = this.contextOf(node);
    try {
      const types = def.infer(inputs, context);
      const changed = node.outputs.filter((value, i): value is Value => value !== null && this.refine(value, types[i]));
      const [first] = node.outputs;
      if (!first || !def.elements) return changed;
      const elements = def.elements(inputs, context);
      if (sameShape(first.elements ?? [], elements ?? [])) return changed;
      Object.assign(first as Writable<Value>, { elements });
      return changed.includes(first) ? changed : [...changed, first];
    } catch (error) {
      if (!(error instanceof VxError)) throw error;
      const where = { ...error.diagnostic.where, node: node.name };
      throw new VxError({ ...error.diagnostic, where }, { cause: error });
    }
  }

  private refine(value: Value, inferred: TensorType | undefined): boolean {
    if (!inferred) return false;
    const type = mergeTypes(value.type, inferred);
    if (sameInferredType(value.type, type)) return false;
    (value as Writable<Value>).type = type;
    return true;
  }

  private contextOf(node: Node): InferContext {
    return {
      attrs: node.attrs,
      outputCount: node.outputs.length,
      constant: (index) => {
        const value = node.inputs[index];
        return value?.data && !value.type.quant ? value.data : undefined;
      },
      elements: (index) => node.inputs[index]?.elements ?? smallIntegers(node.inputs[index]?.data),
      freshDim: () => `?${this.store.nextSymbol++}`,
    };
  }
}

const MAX_ELEMENTS = 1024;

/** The elements of a small i64/i32 constant, as safe integers. */
function smallIntegers(data: TensorData | undefined): readonly number[] | undefined {
  if (!data || (data.dtype !== "i64" && data.dtype !== "i32")) return undefined;
  const size = data.dtype === "i64" ? 8 : 4;
  const count = data.byteLength / size;
  if (count > MAX_ELEMENTS) return undefined;
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => (size === 8 ? Number(view.getBigInt64(i * 8, true)) : view.getInt32(i * 4, true)));
}
