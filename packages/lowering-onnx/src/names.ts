import { definedValues, type Graph, nestedGraphs } from "@vlm-export/ir";

/** Gives out value and node names that occur nowhere else in the model; the same graph gives the same names. */
export class Names {
  private readonly values = new Taken();
  private readonly nodes = new Taken();

  constructor(graph: Graph) {
    this.reserve(graph);
  }

  /** `base` when free, else `base_1`, `base_2`… */
  value(base: string): string {
    return this.values.claim(base);
  }

  node(base: string): string {
    return this.nodes.claim(base);
  }

  private reserve(graph: Graph): void {
    for (const value of [...definedValues(graph), ...graph.captures]) this.values.names.add(value.name);
    for (const node of graph.nodes) {
      this.nodes.names.add(node.name);
      for (const nested of nestedGraphs(node)) this.reserve(nested);
    }
  }
}

class Taken {
  readonly names = new Set<string>();
  /** The first number that may be free behind a base: thousands of graphs inside operators may ask for the same. */
  private readonly free = new Map<string, number>();

  claim(base: string): string {
    let name = base;
    let n = this.free.get(base) ?? 1;
    for (; this.names.has(name); n += 1) name = `${base}_${n}`;
    this.free.set(base, n);
    this.names.add(name);
    return name;
  }
}
