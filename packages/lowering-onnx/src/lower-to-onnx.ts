import { type OnnxModel, type OnnxOpsetImport, onnxDataType, onnxModel, tensorsOf } from "@vlm-export/formats/onnx";
import { type Graph, type Model, nestedGraphs, type OpRegistry } from "@vlm-export/ir";
import type { InitializerSource, LowerContext } from "./lower-context.js";
import { lowerGraph } from "./lower-graph.js";
import { LOWEST_OPSET, lowestOpsetOf } from "./min-opset.js";
import { Names } from "./names.js";
import type { QuantizedNames } from "./qdq/pair.js";
import { quantOpsetOf } from "./qdq/spec-opset.js";
import type { Tap } from "./taps.js";

export interface LowerOptions {
  readonly ops: OpRegistry;
  /** Opset of the default domain: the lowest that holds the graph, or at least this one. Default "lowest". */
  readonly opset?: "lowest" | number;
  /** Whether a constant without zero point gets one of zeros, which some engines expect. Default "always". */
  readonly zeroPoints?: "always" | "when-given";
  /** Extra outputs. */
  readonly taps?: readonly Tap[];
  /** Facts of the model and versions of foreign operator sets. */
  readonly model?: Pick<Model, "metadata" | "opsets">;
  /** Name and version of the program that writes. */
  readonly producer?: { readonly name: string; readonly version: string };
}

export interface LoweredOnnx {
  readonly model: OnnxModel;
  /** Of each quantized value of the outermost graph, by IR name: which initializers hold it. */
  readonly quantized: ReadonlyMap<string, QuantizedNames>;
  /** Source of each initializer that is a constant of the outermost graph, by name in the artifact. */
  readonly initializers: ReadonlyMap<string, InitializerSource>;
  /** Output names of each tap: one for a tensor, minimum and maximum for a range. */
  readonly taps: ReadonlyMap<Tap, readonly string[]>;
}

/**
 * The graph as an ONNX model: values with a QuantSpec get QuantizeLinear and DequantizeLinear around them, a quantized constant
 * its integers, scale and zero point as initializers. Weights stay where they are until the model is written. The same graph and
 * options give the same model. Throws VX-LOWER-*.
 */
export function lowerToOnnx(graph: Graph, options: LowerOptions): LoweredOnnx {
  const opset = opsetOf(graph, options);
  const context: LowerContext = {
    graph,
    ops: options.ops,
    opset,
    names: new Names(graph),
    zeroPoints: options.zeroPoints ?? "always",
    taps: options.taps ?? [],
    description: options.model?.metadata.get("graphDescription") ?? "",
    domains: new Set(),
    quantized: new Map(),
    initializers: new Map(),
    tapOutputs: new Map(),
  };
  const lowered = lowerGraph(graph, context);
  const imports = importsOf(context, options);
  const model = onnxModel({ graph: lowered, irVersion: 7, opsetImports: imports, ...factsOf(options) });
  return {
    model: { ...model, irVersion: irVersionOf(model, opset) },
    quantized: context.quantized,
    initializers: context.initializers,
    taps: context.tapOutputs,
  };
}

function opsetOf(graph: Graph, { ops, opset = "lowest" }: LowerOptions): number {
  return Math.max(LOWEST_OPSET, opset === "lowest" ? 0 : opset, quantOpsetOf(graph), nodesOpset(graph, ops));
}

/** The highest of the lowest opsets that the nodes need, nested ones included. */
function nodesOpset(graph: Graph, ops: OpRegistry): number {
  return graph.nodes.reduce((highest, node) => {
    const nested = nestedGraphs(node).map((inner) => nodesOpset(inner, ops));
    return Math.max(highest, lowestOpsetOf(node, ops), ...nested);
  }, 0);
}

function importsOf(context: LowerContext, { model }: LowerOptions): readonly OnnxOpsetImport[] {
  const foreign = [...context.domains].filter((domain) => domain !== "").sort();
  return [{ domain: "", version: context.opset }, ...foreign.map((domain) => ({ domain, version: model?.opsets.get(domain) ?? 1 }))];
}

/** Least IR version of each opset (ONNX Versioning.md). */
const IR_OF_OPSET: readonly (readonly [opset: number, irVersion: number])[] = [
  [13, 7],
  [15, 8],
  [19, 9],
  [21, 10],
  [23, 11],
  [24, 12],
  [25, 13],
  [28, 14],
];

function irVersionOf(model: OnnxModel, opset: number): number {
  const needed = IR_OF_OPSET.findLast(([since]) => since <= opset)?.[1] ?? 7;
  return [...tensorsOf(model)].reduce((highest, { dataType }) => Math.max(highest, onnxDataType(dataType)?.irVersion ?? 0), needed);
}

function factsOf({ model, producer }: LowerOptions): Partial<OnnxModel> {
  const facts = model?.metadata ?? new Map<string, string>();
  const properties = [...facts].flatMap(([key, value]) =>
    key.startsWith("property:") ? [[key.slice("property:".length), value] as const] : [],
  );
  return {
    producerName: producer?.name ?? facts.get("producer") ?? "",
    producerVersion: producer?.version ?? facts.get("producerVersion") ?? "",
    domain: facts.get("domain") ?? "",
    modelVersion: BigInt(facts.get("modelVersion") ?? 0),
    docString: facts.get("description") ?? "",
    metadata: new Map(properties),
  };
}
