import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { DType, TensorData } from "@vlm-export/ir";
import type { Tap } from "@vlm-export/lowering-onnx";
import { elementTypeOfOrt } from "./element-types.js";
import { engineClosed, engineDtype, engineRun } from "./errors.js";
import { type EnginePort, feedsOf } from "./feeds.js";
import { type FetchedTensor, fetchedStrings, fetchedTensor } from "./fetched-tensor.js";
import type { Runtime } from "./runtime.js";

/** What one run gives. */
export interface RunResult {
  /** Of the model's own outputs. */
  readonly outputs: ReadonlyMap<string, FetchedTensor>;
  /** Of the taps of kind tensor, by value. */
  readonly tensors: ReadonlyMap<string, FetchedTensor>;
  /** Of the taps of kind range, by value: least and greatest element of this run; none for a value without elements. NaN is passed over. */
  readonly ranges: ReadonlyMap<string, readonly [min: number, max: number]>;
}

/** A model that is loaded. Runs block the thread; work on other threads goes on meanwhile. */
export interface EngineSession {
  readonly inputs: readonly EnginePort[];
  readonly outputs: readonly EnginePort[];
  /** Runs one sample. Throws VX-ENGINE-INPUT-*, VX-ENGINE-RUN, VX-ENGINE-CLOSED. */
  run(sample: ReadonlyMap<string, TensorData>): Promise<RunResult>;
  /**
   * Runs the samples in turn. Results can be worked on, or their buffers be transferred to another thread, while the next sample
   * runs: the next run starts when the caller asks for the next result. Ends with the reason of the signal once it is aborted.
   */
  runAll(
    samples: Iterable<ReadonlyMap<string, TensorData>> | AsyncIterable<ReadonlyMap<string, TensorData>>,
    signal?: AbortSignal,
  ): AsyncGenerator<RunResult>;
  /** Releases the model and removes its temporary files. */
  close(): Promise<void>;
}

/** A loaded session and which of its outputs are taps. */
export interface LoadedModel {
  readonly runtime: Runtime;
  readonly session: InferenceSession;
  readonly taps: ReadonlyMap<Tap, readonly string[]>;
  /** Names of the graph's own outputs. */
  readonly outputs: readonly string[];
  dispose(): void;
}

export class OrtSession implements EngineSession {
  readonly inputs: readonly EnginePort[];
  readonly outputs: readonly EnginePort[];
  readonly #model: LoadedModel;
  #closed = false;

  /** Throws VX-ENGINE-DTYPE for inputs and outputs that the engine's interface does not carry. */
  constructor(model: LoadedModel) {
    const { session } = model;
    this.#model = model;
    this.inputs = session.inputMetadata.map(portOf);
    this.outputs = session.outputMetadata.map(portOf).filter(({ name }) => model.outputs.includes(name));
  }

  async run(sample: ReadonlyMap<string, TensorData>): Promise<RunResult> {
    if (this.#closed) throw engineClosed();
    const { runtime, session } = this.#model;
    const feeds = feedsOf(runtime, this.inputs, sample);
    const results = await session.run(feeds).catch((error: unknown) => {
      throw engineRun(error);
    });
    return this.#resultOf((name) => results[name] as Tensor);
  }

  async *runAll(
    samples: Iterable<ReadonlyMap<string, TensorData>> | AsyncIterable<ReadonlyMap<string, TensorData>>,
    signal?: AbortSignal,
  ): AsyncGenerator<RunResult> {
    for await (const sample of samples) {
      signal?.throwIfAborted();
      yield await this.run(sample);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#model.session.release();
    this.#model.dispose();
  }

  #resultOf(tensorOf: (name: string) => Tensor): RunResult {
    const { taps, outputs } = this.#model;
    const fetch = (name: string): FetchedTensor => fetchedOf(name, tensorOf(name));
    const tensors = new Map<string, FetchedTensor>();
    const ranges = new Map<string, readonly [number, number]>();
    for (const [tap, names] of taps) {
      const [first = "", second = ""] = names;
      if (tap.kind === "tensor") {
        tensors.set(tap.value, fetch(first));
        continue;
      }
      const [min, max] = [scalarOf(tensorOf(first)), scalarOf(tensorOf(second))];
      if (!(min > max)) ranges.set(tap.value, [min, max]);
    }
    return { outputs: new Map(outputs.map((name) => [name, fetch(name)])), tensors, ranges };
  }
}

function portOf(meta: InferenceSession.ValueMetadata): EnginePort {
  const dtype: DType | undefined = meta.isTensor ? (meta.type === "string" ? "string" : elementTypeOfOrt(meta.type)?.dtype) : undefined;
  if (!meta.isTensor || !dtype) throw engineDtype(meta.name, meta.isTensor ? meta.type : "none (it is no tensor)");
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
