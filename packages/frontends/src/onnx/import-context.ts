import type { OnnxFunction, OnnxSubgraph } from "@vlm-export/formats/onnx";
import type { Diagnostic, Graph, OpRegistry, Value } from "@vlm-export/ir";
import type { Frame } from "./frame.js";

/** A nested graph in the IR and the outer values that it reads, by the name they have inside. */
export interface NestedGraph {
  readonly graph: Graph;
  readonly captures: ReadonlyMap<string, Value>;
}

/** What the import of one model file shares. */
export interface ImportContext {
  readonly file: string;
  readonly ops: OpRegistry;
  readonly functions: ReadonlyMap<string, OnnxFunction>;
  readonly signal: AbortSignal | undefined;
  report(diagnostic: Diagnostic): void;
  /** Notes a node that has a rule and stays as it is all the same, for the reason that the rule gives. */
  readonly keepOpaque: (node: string, op: string, reason: string) => void;
  /** Imports the body of a control flow node that stands in `frame`; here because graphs and nodes hold each other. */
  readonly buildNested: (source: OnnxSubgraph, frame: Frame) => NestedGraph;
}

/** Key of a model function among its like. */
export function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domainOf(domain), name, overload]);
}

/** The two spellings of the default domain as one: "". */
export function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}
