import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { DType, TensorData } from "@vlm-export/ir";
import { elementTypeOfOrt } from "./element-types.js";
import type { EngineSession, RunResult } from "./engine-session.js";
import { engineClosed, engineDtype, engineNoTensor, engineRun } from "./errors.js";
import { type EnginePort, feedsOf } from "./feeds.js";
import { type FetchedTensor, fetchedStrings, fetchedTensor } from "./fetched-tensor.js";
import type { LoadRequest } from "./load-request.js";
import type { Runtime } from "./runtime.js";
import type { TapObserver } from "./tap-observer.js";
import type { WeightPlace } from "./weight-place.js";

/** A model that is loaded on this thread, and how its outputs are used. */
export interface LoadedModel extends Pick<LoadRequest, "taps" | "outputs" | "weights"> {
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
  #closed = false;

  /** Throws VX-ENGINE-DTYPE for inputs and outputs that the engine's interface does not carry. */
  constructor(model: LoadedModel) {
    const { session, outputs, weights } = model;
    this.#model = model;
    this.weights = weights;
    this.inputs = session.inputMetadata.map(portOf);
    this.outputs = session.outputMetadata.map(portOf).filter(({ name }) => outputs?.includes(name) ?? true);
  }

  async run(sample: ReadonlyMap<string, TensorData>): Promise<RunResult> {
    if (this.#closed) throw engineClosed();
    const { runtime, session, observer } = this.#model;
    const feeds = feedsOf(runtime, this.inputs, sample);
    const results = await session.run(feeds).catch((error: unknown) => {
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
  const dtype: DType | undefined = meta.type === "string" ? "string" : elementTypeOfOrt(meta.type)?.dtype;
  if (!dtype) throw engineDtype(meta.name, meta.type);
  return { name: meta.name, dtype, shape: meta.shape };
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
