import { besideSources } from "./beside-sources.js";
import { importCycle } from "./errors.js";
import type { Graph, Node, Value } from "./graph.js";

/** The writable side of a read-only IR type; only the editor uses it. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Storage behind {@link Graph}: what the editor changes and everyone else reads. */
export class GraphStore implements Graph {
  readonly name: string;
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly captures: Value[] = [];
  readonly values: Map<string, Value> = new Map();
  readonly nodeNames: Set<string> = new Set();
  private readonly constantSet = new Set<Value>();
  private nodeSet = new Set<Node>();
  private nodeList: readonly Node[] | undefined;
  private readonly uses = new Map<Value, Map<Node, number>>();
  private inOrder = true;
  nextId = 1;
  nextSymbol = 1;

  constructor(name: string) {
    this.name = name;
  }

  get nodes(): readonly Node[] {
    return (this.nodeList ??= [...this.nodeSet]);
  }

  get constants(): readonly Value[] {
    return [...this.constantSet];
  }

  users(value: Value): readonly Node[] {
    const users = this.uses.get(value);
    return users ? [...users.keys()] : [];
  }

  /** True when nodes read the value; unlike {@link users} without a list of them. */
  hasUsers(value: Value): boolean {
    return this.uses.has(value);
  }

  value(name: string): Value | undefined {
    return this.values.get(name);
  }

  has(node: Node): boolean {
    return this.nodeSet.has(node);
  }

  addNode(node: Node): void {
    this.nodeSet.add(node);
    this.nodeNames.add(node.name);
    this.nodeList = undefined;
    for (const value of readBy(node)) {
      this.countUse(value, node);
      if (value.producer && !this.nodeSet.has(value.producer)) this.inOrder = false;
    }
  }

  removeNode(node: Node): void {
    this.nodeSet.delete(node);
    this.nodeNames.delete(node.name);
    this.nodeList = undefined;
    for (const value of readBy(node)) this.removeUse(value, node);
  }

  addConstant(value: Value): void {
    this.constantSet.add(value);
  }

  removeConstant(value: Value): void {
    this.constantSet.delete(value);
    this.values.delete(value.name);
  }

  /** A node in the graph now also reads `value`, whose producer may come later. */
  addUse(value: Value, node: Node): void {
    this.countUse(value, node);
    this.inOrder = false;
  }

  private countUse(value: Value, node: Node): void {
    let users = this.uses.get(value);
    if (!users) this.uses.set(value, (users = new Map()));
    users.set(node, (users.get(node) ?? 0) + 1);
  }

  removeUse(value: Value, node: Node): void {
    const users = this.uses.get(value);
    const count = users?.get(node);
    if (!users || count === undefined) return;
    if (count > 1) users.set(node, count - 1);
    else users.delete(node);
    if (users.size === 0) this.uses.delete(value);
  }

  /** Puts the nodes in topological order, keeping their order where it is one already. Throws VX-IMPORT-CYCLE. */
  sort(): void {
    if (this.inOrder || isSorted(this.nodes)) {
      this.inOrder = true;
      return;
    }
    const done = new Set<Node>();
    const open = new Set<Node>();
    for (const root of this.nodes) {
      const stack: Node[] = [root];
      while (stack.length > 0) {
        const node = stack[stack.length - 1] as Node;
        if (done.has(node)) {
          stack.pop();
          continue;
        }
        const waiting = producersOf(node).filter((producer) => !done.has(producer));
        if (waiting.length === 0) {
          done.add(node);
          open.delete(node);
          stack.pop();
          continue;
        }
        if (open.has(node)) throw importCycle(node.name);
        open.add(node);
        stack.push(...waiting);
      }
    }
    this.nodeSet = done;
    this.nodeList = undefined;
    this.inOrder = true;
  }

  /** Of sorted nodes, puts those from place `first` on beside what they read; see {@link besideSources}. */
  putBeside(first: number): void {
    const order = besideSources(this.nodes, first, { reads: readBy, gives: ({ outputs }) => outputs });
    this.nodeSet = new Set(order);
    this.nodeList = undefined;
  }
}

/** Values that a node reads, as inputs and through nested graphs; a value read twice comes twice. */
export function readBy(node: Node): readonly Value[] {
  if (node.captures.size === 0 && !node.inputs.includes(null)) return node.inputs as readonly Value[];
  return [...node.inputs.filter((value) => value !== null), ...node.captures.values()];
}

function producersOf(node: Node): readonly Node[] {
  return readBy(node).flatMap((value) => value.producer ?? []);
}

function isSorted(nodes: readonly Node[]): boolean {
  const seen = new Set<Node>();
  return nodes.every((node) => {
    const ready = readBy(node).every(({ producer }) => !producer || seen.has(producer));
    seen.add(node);
    return ready;
  });
}
