import { definedValues, type Graph, nestedGraphs } from "@vlm-export/ir";

/** Gives out value and node names that occur nowhere else in the model; the same graph gives the same names. */
export class Names {
  private readonly taken: Set<string>;
  private readonly takenNodes: Set<string>;

  constructor(graph: Graph) {
    this.taken = new Set();
    this.takenNodes = new Set();
    this.reserve(graph);
  }

  /** `base` when free, else `base_1`, `base_2`… */
  value(base: string): string {
    return claim(this.taken, base);
  }

  node(base: string): string {
    return claim(this.takenNodes, base);
  }

  private reserve(graph: Graph): void {
    for (const value of [...definedValues(graph), ...graph.captures]) this.taken.add(value.name);
    for (const node of graph.nodes) {
      this.takenNodes.add(node.name);
      for (const nested of nestedGraphs(node)) this.reserve(nested);
    }
  }
}

function claim(taken: Set<string>, base: string): string {
  let name = base;
  for (let n = 1; taken.has(name); n += 1) name = `${base}_${n}`;
  taken.add(name);
  return name;
}
