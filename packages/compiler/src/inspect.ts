import { readdirSync, statSync } from "node:fs";
import {
  allConstants,
  type Diagnostic,
  elementCount,
  graphTree,
  type Graph,
  printGraph,
  printType,
  storedByteLength,
  type Value,
} from "@vlm-export/ir";
import { importOpen } from "./errors.js";
import { withNormalizedModel } from "./with-normalized-model.js";

export interface InspectOptions {
  /** Also the normalized graph in the IR's text form, constants by hash: reads all weights. */
  readonly ir?: boolean;
  readonly signal?: AbortSignal;
  report?(diagnostic: Diagnostic): void;
}

/** Nodes, operators, roles and parameters of the graphs inside operators count as well. */
export interface ComponentFacts {
  readonly name: string;
  readonly nodes: number;
  readonly parameters: number;
  readonly bytes: number;
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
  readonly operators: readonly { readonly op: string; readonly count: number; readonly known: boolean }[];
  readonly roles: readonly { readonly role: string; readonly nodes: number }[];
}

export interface ModelInspection {
  readonly name: string;
  readonly producer: string;
  /** Of the standard operators, as the file states it. */
  readonly opset?: number;
  readonly sources: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly components: readonly ComponentFacts[];
  readonly text?: string;
}

/** What a model holds: types, operators, roles, parameters. Reads no weights but those that folding needs. Throws VX-IMPORT-*. */
export async function inspectModel(path: string, { ir, signal, report }: InspectOptions = {}): Promise<ModelInspection> {
  return withNormalizedModel(path, { signal, report }, ({ name, metadata, sources, components }, ops) => {
    const opset = metadata.get("opset");
    return {
      name,
      producer: metadata.get("producer") ?? "",
      ...(opset !== undefined && { opset: Number(opset) }),
      sources,
      components: [...components].map(([component, graph]) => componentFacts(component, graph, (op) => ops.get(op) !== undefined)),
      ...(ir && { text: [...components.values()].map((graph) => printGraph(graph, { inlineLimitBytes: 256 })).join("\n") }),
    };
  });
}

function componentFacts(name: string, graph: Graph, isKnown: (op: string) => boolean): ComponentFacts {
  const port = (value: Value): { readonly name: string; readonly type: string } => ({ name: value.name, type: printType(value.type) });
  const nodes = graphTree(graph).places.flatMap((place) => place.graph.nodes);
  const data = allConstants(graph).flatMap((constant) => constant.data ?? []);
  return {
    name,
    nodes: nodes.length,
    parameters: data.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: storedByteLength(data),
    inputs: graph.inputs.map(port),
    outputs: graph.outputs.map(port),
    operators: counted(nodes.map(({ op }) => op)).map(([op, count]) => ({ op, count, known: isKnown(op) })),
    roles: counted(nodes.flatMap(({ role }) => role ?? [])).map(([role, count]) => ({ role, nodes: count })),
  };
}

function counted(words: readonly string[]): readonly (readonly [word: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts];
}

/** True when the path is a folder with a manifest. Throws VX-IMPORT-FILE-OPEN when it may not be looked into. */
export function isOutputFolder(path: string): boolean {
  try {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    return isFolder && readdirSync(path).includes("manifest.json");
  } catch (error) {
    throw importOpen(path, error as Error);
  }
}
