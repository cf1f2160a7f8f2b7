import { basename } from "node:path";
import type { Graph, Model, OpRegistry } from "@vlm-export/ir";
import { lowerToOnnx, type Tap } from "@vlm-export/lowering-onnx";
import type { InferenceSession } from "onnxruntime-node";
import { engineLoad } from "./errors.js";
import { placeModel } from "./place-model.js";
import { loadRuntime, type Runtime } from "./runtime.js";
import { type EngineSession, type LoadedModel, OrtSession } from "./session.js";
import { TempFolders } from "./temp-folders.js";

/** How a model is loaded. */
export interface OpenOptions {
  /**
   * `fused` (default): integer kernels where the engine has them. `plain`: every QuantizeLinear and DequantizeLinear is computed
   * as it stands, with float operators between them: the definition that integer kernels are compared with.
   */
  readonly arithmetic?: "fused" | "plain";
  /** Threads of one run; default all cores. */
  readonly threads?: number;
  /** True leaves the cores to other threads whenever a thread of the engine waits, instead of waiting in a loop; default false. */
  readonly shareCores?: boolean;
  readonly signal?: AbortSignal;
}

/** A graph to run, and what of it to give out besides its outputs. */
export interface GraphSource {
  readonly graph: Graph;
  readonly ops: OpRegistry;
  readonly model?: Pick<Model, "metadata" | "opsets">;
  readonly taps?: readonly Tap[];
}

export interface Engine {
  readonly name: "onnxruntime-node";
  readonly version: string;
  /** Loads a graph, lowered to a temporary folder. Throws VX-LOWER-*, VX-EMIT-*, VX-ENGINE-LOAD. */
  openGraph(source: GraphSource, options?: OpenOptions): Promise<EngineSession>;
  /** Loads an ONNX file. Throws VX-ENGINE-LOAD. */
  openFile(path: string, options?: OpenOptions): Promise<EngineSession>;
  /** Removes what temporary files are left. Sessions must be closed before. */
  close(): void;
}

export interface EngineOptions {
  /** Where models for the engine are written; default the system's folder for temporary files. */
  readonly tempRoot?: string;
}

/** The engine on ONNX Runtime for Node, an optional package. Throws VX-ENGINE-MISSING, VX-ENGINE-UNUSABLE. */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const runtime = await loadRuntime();
  const folders = new TempFolders(options.tempRoot);
  return {
    name: "onnxruntime-node",
    version: runtime.env.versions.node ?? runtime.env.versions.common,
    openGraph: (source, open = {}) => openGraph(runtime, folders, source, open),
    async openFile(path, open = {}) {
      const session = await load(runtime, path, open);
      return wrap({ runtime, session, taps: new Map(), outputs: session.outputNames, dispose: () => undefined });
    },
    close: () => folders.removeAll(),
  };
}

async function openGraph(runtime: Runtime, folders: TempFolders, source: GraphSource, open: OpenOptions): Promise<EngineSession> {
  const { graph, ops, model, taps = [] } = source;
  const lowered = lowerToOnnx(graph, { ops, taps, ...(model && { model }) });
  const placed = await placeModel(lowered, folders, open.signal);
  try {
    const session = await load(runtime, placed.path, open);
    const outputs = graph.outputs.map(({ name }) => name);
    return await wrap({ runtime, session, taps: lowered.taps, outputs, dispose: () => folders.remove(placed.folder) });
  } catch (error) {
    folders.remove(placed.folder);
    throw error;
  }
}

/** Releases a session whose inputs or outputs cannot be carried. */
async function wrap(model: LoadedModel): Promise<EngineSession> {
  try {
    return new OrtSession(model);
  } catch (error) {
    await model.session.release();
    throw error;
  }
}

async function load(runtime: Runtime, path: string, open: OpenOptions): Promise<InferenceSession> {
  open.signal?.throwIfAborted();
  try {
    return await runtime.InferenceSession.create(path, sessionOptions(open));
  } catch (error) {
    throw engineLoad(basename(path), error);
  }
}

/**
 * Without the first setting, weights behind DequantizeLinear may run through a kernel that rounds activations to 8 bits (measured:
 * errors of over 100 steps of a 16-bit activation). Memory patterns cost memory for models with many outputs, and gain nothing. "plain" leaves out
 * the engine's fusions too: with Q/DQ left as it stands they can lose an output, and the binding then crashes on the missing tensor.
 */
function sessionOptions({ arithmetic = "fused", threads, shareCores = false }: OpenOptions): InferenceSession.SessionOptions {
  const isPlain = arithmetic === "plain";
  const extra = {
    "session.qdq_matmulnbits_accuracy_level": "1",
    "session.disable_quant_qdq": isPlain ? "1" : "0",
    "session.intra_op.allow_spinning": shareCores ? "0" : "1",
  };
  const graphOptimizationLevel = isPlain ? "basic" : "all";
  return {
    extra,
    graphOptimizationLevel,
    enableMemPattern: false,
    logSeverityLevel: 4,
    ...(threads !== undefined && { intraOpNumThreads: threads }),
  };
}
