import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Graph, Model, OpRegistry } from "@vlm-export/ir";
import { lowerToOnnx, type Tap } from "@vlm-export/lowering-onnx";
import type { EngineSession } from "./engine-session.js";
import type { Arithmetic, Loader, LoadRequest, Unreadable } from "./load-request.js";
import { createLocalLoader } from "./local-loader.js";
import { placeModel } from "./place-model.js";
import { turnOffReports } from "./runtime.js";
import type { ObserverSource } from "./tap-observer.js";
import { TempFolders } from "./temp-folders.js";
import { createThreadLoader } from "./thread/thread-loader.js";
import { freeMemoryBytes as systemFreeBytes, weightPlace, weightPlaceOfFile } from "./weight-place.js";
import { WORKER_URL } from "./worker-url.js";

/** How a model is loaded. */
export interface OpenOptions {
  /**
   * `fused` (default): integer kernels where the engine has them. `plain`: every QuantizeLinear and DequantizeLinear is computed
   * as it stands, with float operators between them: the definition that integer kernels are compared with. `default`: what the engine does
   * when nothing is set.
   */
  readonly arithmetic?: Arithmetic;
  /** Of outputs that the engine's interface does not carry: `refused` (default), or `left-out` of the results. */
  readonly unreadable?: Unreadable;
  /** Threads of one run; default all cores. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** A graph to run, and what of it to give out besides its outputs. */
export interface GraphSource {
  readonly graph: Graph;
  readonly ops: OpRegistry;
  readonly model?: Pick<Model, "metadata" | "opsets">;
  readonly taps?: readonly Tap[];
  /** Takes the taps of kind tensor. */
  readonly observer?: ObserverSource;
}

export interface Engine {
  readonly name: "onnxruntime-node";
  readonly version: string;
  /** Loads a graph, lowered to a temporary folder that is gone when it is loaded (on Windows: when the session closes). Throws VX-LOWER-*, VX-EMIT-*, VX-ENGINE-LOAD. */
  openGraph(source: GraphSource, options?: OpenOptions): Promise<EngineSession>;
  /** Loads an ONNX file. Throws VX-ENGINE-LOAD. */
  openFile(path: string, options?: OpenOptions): Promise<EngineSession>;
  /** Removes what temporary files are left. Sessions must be closed before. */
  close(): void;
}

export interface EngineOptions {
  /** Where models for the engine are written; default the system's folder for temporary files. */
  readonly tempRoot?: string;
  /** Memory that a session may take; default what the system and the container have free then. */
  readonly freeMemoryBytes?: () => number;
}

/**
 * The engine on ONNX Runtime for Node, an optional package, on a thread of its own; on the calling thread where this package runs from
 * its TypeScript sources. Sets ORT_DISABLE_TELEMETRY for the process. Throws VX-ENGINE-MISSING, VX-ENGINE-UNUSABLE.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  turnOffReports();
  const loader = await (existsSync(fileURLToPath(WORKER_URL)) ? createThreadLoader(WORKER_URL) : createLocalLoader());
  const folders = new TempFolders(options.tempRoot);
  const { freeMemoryBytes = systemFreeBytes } = options;
  return {
    name: "onnxruntime-node",
    version: loader.version,
    openGraph: (source, open = {}) => openGraph({ loader, folders, freeMemoryBytes }, source, open),
    async openFile(path, open = {}) {
      open.signal?.throwIfAborted();
      const settings = settingsOf(open);
      const weights = weightPlaceOfFile(path, settings.arithmetic, freeMemoryBytes());
      return loader.load({ path, taps: new Map(), outputs: undefined, weights, ...settings }, undefined);
    },
    close() {
      loader.close();
      folders.removeAll();
    },
  };
}

/**
 * Files that the engine has mapped stay readable for it once they are removed, but not on Windows. So the folder, whose links a killed
 * process would leave on the user's weights, is there only while the engine loads.
 */
const KEEPS_WHAT_IS_MAPPED = process.platform !== "win32";

/** What an engine opens models with. */
interface EngineParts extends Pick<Required<EngineOptions>, "freeMemoryBytes"> {
  readonly loader: Loader;
  readonly folders: TempFolders;
}

async function openGraph(
  { loader, folders, freeMemoryBytes }: EngineParts,
  source: GraphSource,
  open: OpenOptions,
): Promise<EngineSession> {
  const { graph, ops, model, taps = [], observer } = source;
  const settings = settingsOf(open);
  const lowered = lowerToOnnx(graph, { ops, taps, ...(model && { model }) });
  const weights = weightPlace(lowered.model.graph, settings.arithmetic, freeMemoryBytes());
  const { path, folder } = await placeModel(lowered, folders, open.signal);
  try {
    open.signal?.throwIfAborted();
    const outputs = graph.outputs.map(({ name }) => name);
    const session = await loader.load({ path, taps: lowered.taps, outputs, weights, ...settings }, observer);
    if (KEEPS_WHAT_IS_MAPPED) folders.remove(folder);
    return {
      inputs: session.inputs,
      outputs: session.outputs,
      weights: session.weights,
      run: (sample) => session.run(sample),
      ask: (question) => session.ask(question),
      async close() {
        await session.close();
        folders.remove(folder);
      },
    };
  } catch (error) {
    folders.remove(folder);
    throw error;
  }
}

function settingsOf({
  arithmetic = "fused",
  unreadable = "refused",
  threads,
}: OpenOptions): Pick<LoadRequest, "arithmetic" | "unreadable" | "threads"> {
  return { arithmetic, unreadable, threads };
}
