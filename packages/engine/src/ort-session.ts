import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { DType, TensorData, VxError } from "@vlm-export/ir";
import { elementTypeOfOrt } from "./element-types.js";
import type { EngineSession, RunResult } from "./engine-session.js";
import { engineClosed, engineDtype, engineName, engineNoTensor, engineRun } from "./errors.js";
import { type EnginePort, feedsOf } from "./feeds.js";
import { type FetchedTensor, fetchedStrings, fetchedTensor } from "./fetched-tensor.js";
import type { LoadRequest } from "./load-request.js";
import type { Runtime } from "./runtime.js";
import type { TapObserver } from "./tap-observer.js";
import type { WeightPlace } from "./weight-place.js";

/** A model that is loaded on this thread, and how its outputs are used. */
export interface LoadedModel extends Pick<LoadRequest, "taps" | "outputs" | "unreadable" | "weights"> {
  readonly runtime: Runtime;
  readonly session: InferenceSession;
  readonly observer: TapObserver | undefined;
}

/** A session on the calling thread, which its runs block. */
export class OrtSession implements EngineSession {
  readonly inputs: readonly EnginePort[];
  readonly outputs: readonly EnginePort[];
  readonly weights: WeightPlace;
  readonly #model: LoadedModel;
  /** Outputs of the file to ask for; undefined: all. */
  readonly #fetches: readonly string[] | undefined;
  #closed = false;

  /** Throws VX-ENGINE-DTYPE and VX-ENGINE-NAME for inputs and outputs that the engine's interface does not carry. */
  constructor(model: LoadedModel) {
    const { session, outputs, unreadable, weights } = model;
    this.#model = model;
    this.weights = weights;
    this.inputs = session.inputMetadata.map(portOf);
    const named = outputs && new Set(outputs);
    const own = session.outputMetadata.filter(({ name }) => named?.has(name) ?? true);
    this.outputs = own.filter((meta) => unreadable === "refused" || lossOf(meta) === undefined).map(outputPortOf);
    this.#fetches = fetchesOf(model, this.outputs);
  }

  async run(sample: ReadonlyMap<string, TensorData>): Promise<RunResult> {
    if (this.#closed) throw engineClosed();
    const { runtime, session, observer } = this.#model;
    const feeds = feedsOf(runtime, this.inputs, sample);
    const results = await (this.#fetches ? session.run(feeds, this.#fetches) : session.run(feeds)).catch((error: unknown) => {
      throw engineRun(error);
    });
    const result = this.#resultOf((name) => results[name] as Tensor);
    return observer ? { ...result, tensors: new Map(), observed: await observer.observe(result.tensors) } : result;
  }

  async ask(question: unknown): Promise<unknown> {
    return this.#model.observer?.answer(question);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#model.observer?.close();
    await this.#model.session.release();
  }

  #resultOf(tensorOf: (name: string) => Tensor): RunResult {
    const fetch = (name: string): FetchedTensor => fetchedOf(name, tensorOf(name));
    const tensors = new Map<string, FetchedTensor>();
    const ranges = new Map<string, readonly [number, number]>();
    for (const [tap, names] of this.#model.taps) {
      const [first = "", second = ""] = names;
      if (tap.kind === "tensor") {
        tensors.set(tap.value, fetch(first));
        continue;
      }
      const [min, max] = [scalarOf(tensorOf(first)), scalarOf(tensorOf(second))];
      if (!(min > max)) ranges.set(tap.value, [min, max]);
    }
    return { outputs: new Map(this.outputs.map(({ name }) => [name, fetch(name)])), tensors, ranges, observed: undefined };
  }
}

function portOf(meta: InferenceSession.ValueMetadata): EnginePort {
  if (!meta.isTensor) throw engineNoTensor(meta.name);
  const dtype = dtypeOf(meta.type);
  if (!dtype) throw engineDtype(meta.name, meta.type);
  return { name: meta.name, dtype, shape: meta.shape };
}

function dtypeOf(type: string): DType | undefined {
  return type === "string" ? "string" : elementTypeOfOrt(type)?.dtype;
}

function outputPortOf(meta: InferenceSession.ValueMetadata): EnginePort {
  const loss = lossOf(meta);
  if (loss) throw loss;
  return portOf(meta);
}

/** Why an output does not reach us. */
function lossOf(meta: InferenceSession.ValueMetadata): VxError | undefined {
  if (meta.name === PROTOTYPE) return engineName(meta.name);
  if (!meta.isTensor) return engineNoTensor(meta.name);
  return dtypeOf(meta.type) ? undefined : engineDtype(meta.name, meta.type);
}

/** Results, and what is asked for, are properties of plain objects, where this name sets the prototype. */
const PROTOTYPE = "__proto__";

/**
 * None where nothing is left out: then the engine gives all. An output with the prototype's name is asked for without being given: the
 * prototype is null then, and otherwise an object that the engine takes for a tensor.
 */
function fetchesOf({ session, taps }: LoadedModel, outputs: readonly EnginePort[]): readonly string[] | undefined {
  const wanted = new Set([PROTOTYPE, ...outputs.map(({ name }) => name), ...[...taps.values()].flat()]);
  const fetches = session.outputNames.filter((name) => wanted.has(name));
  return fetches.length === 0 || fetches.length === session.outputNames.length ? undefined : fetches;
}

function fetchedOf(name: string, tensor: Tensor): FetchedTensor {
  if (tensor.type === "string") return fetchedStrings(tensor.dims, tensor.data as string[]);
  const type = elementTypeOfOrt(tensor.type);
  if (!type) throw engineDtype(name, tensor.type);
  const view = tensor.data as Uint8Array;
  const whole = view.byteOffset === 0 && view.byteLength === view.buffer.byteLength;
  const buffer = whole ? view.buffer : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return fetchedTensor(type.dtype, tensor.dims, buffer as ArrayBuffer);
}

function scalarOf(tensor: Tensor): number {
  return Number((tensor.data as Float32Array | BigInt64Array)[0]);
}
