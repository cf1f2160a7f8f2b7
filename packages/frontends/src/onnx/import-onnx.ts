import { basename } from "node:path";
import { FilePool } from "@vlm-export/formats/files";
import { type OnnxExternalData, type OnnxModel, readOnnx, tensorsOf } from "@vlm-export/formats/onnx";
import type { Diagnostic, Model, OpRegistry } from "@vlm-export/ir";
import { IR_OPSET } from "@vlm-export/ops";
import { importDropped, importOpset } from "../errors.js";
import { buildMainGraph, buildNestedGraph } from "./build-graph.js";
import { checkExpandedSize } from "./expanded-size.js";
import { OLDEST_OPSET } from "./forms.js";
import { withFormatErrors } from "./format-errors.js";
import { domainOf, functionKey, type ImportContext } from "./import-context.js";
import { OpaqueNodes } from "./opaque-nodes.js";

/** Newest opset that the operator table knows. */
const NEWEST_OPSET = 28;

export interface ImportOptions {
  readonly ops: OpRegistry;
  /** Keeps the files open that weights are read from later; its owner closes it when the model is no longer in use. Default: one that stays open. */
  readonly pool?: FilePool;
  readonly signal?: AbortSignal;
  /** Receives findings that do not stop the import. */
  report?(diagnostic: Diagnostic): void;
}

/**
 * The model in an ONNX file as a Model of one component, `main`, in the operator forms of the pinned opset: older forms and the
 * contrib forms that have an equivalent are rewritten, model functions expanded, Constant nodes made constants; operators that
 * nothing here knows stay as they are. Weights are lazy ranges of the file and of its external data. Throws VxError VX-IMPORT-*
 * (damaged or unsupported files) and VX-OP-* (nodes that their operator does not allow).
 */
export async function importOnnx(path: string, options: ImportOptions): Promise<Model> {
  const pool = options.pool ?? new FilePool();
  const source = withFormatErrors(path, () => readOnnx(path, pool));
  const opsets = new Map(source.opsetImports.map(({ domain, version }) => [domainOf(domain), version]));
  const opset = opsets.get("") ?? IR_OPSET;
  if (opset < 1 || opset > NEWEST_OPSET) throw importOpset({ file: path }, opset, OLDEST_OPSET, IR_OPSET);
  const opaque = new OpaqueNodes();
  const context = contextOf(path, source, options, opaque);
  reportDroppedParts(source, context);
  checkExpandedSize(source.graph.nodes, context.functions, path);
  const main = buildMainGraph(source.graph, context, opsets);
  opaque.report(context);
  return {
    name: basename(path).replace(/\.onnx$/i, ""),
    components: new Map([["main", main]]),
    links: [],
    metadata: metadataOf(source, opsets.get("")),
    sources: withFormatErrors(path, () => sourcesOf(path, source, pool)),
    opsets: new Map([...opsets].filter(([domain]) => domain !== "")),
  };
}

function contextOf(file: string, source: OnnxModel, options: ImportOptions, opaque: OpaqueNodes): ImportContext {
  const functions = new Map(source.functions.map((body) => [functionKey(body.domain, body.name, body.overload), body]));
  const context: ImportContext = {
    file,
    ops: options.ops,
    functions,
    signal: options.signal,
    report: (diagnostic) => options.report?.(diagnostic),
    keepOpaque: (...node) => opaque.add(...node),
    buildNested: (graph, frame) => buildNestedGraph(graph, context, frame),
  };
  return context;
}

function reportDroppedParts(source: OnnxModel, context: ImportContext): void {
  const dropped = [
    ...(source.trainingInfo.length > 0 ? ["training_info"] : []),
    ...(source.configurations.length > 0 ? ["configuration (device placement)"] : []),
    ...(source.graph.quantization.length > 0 ? ["quantization_annotation"] : []),
  ];
  for (const part of dropped) context.report(importDropped(context.file, part));
}

/** Facts by the names that {@link Model.metadata} uses; properties of the file under `property:<key>`. */
function metadataOf(source: OnnxModel, opset: number | undefined): ReadonlyMap<string, string> {
  const facts: [string, string][] = [
    ["producer", source.producerName],
    ["producerVersion", source.producerVersion],
    ["domain", source.domain],
    ["opset", opset === undefined ? "" : String(opset)],
    ["modelVersion", source.modelVersion === 0n ? "" : String(source.modelVersion)],
    ["description", source.docString],
    ["graphDescription", source.graph.docString],
    ...[...source.metadata].map(([key, value]): [string, string] => [`property:${key}`, value]),
  ];
  return new Map(facts.filter(([key, value]) => value !== "" || key.startsWith("property:")));
}

function sourcesOf(path: string, source: OnnxModel, pool: FilePool): Model["sources"] {
  const external = new Map<string, OnnxExternalData>();
  for (const { data } of tensorsOf(source)) if (data.kind === "external") external.set(data.location, data);
  const files = new Set([path, ...[...external.values()].flatMap((data) => data.open().origin?.path ?? [])]);
  return [...files].map((file) => ({ path: file, sizeBytes: pool.open(file).byteLength }));
}
