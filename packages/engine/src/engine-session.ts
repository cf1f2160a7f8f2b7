import type { TensorData } from "@vlm-export/ir";
import type { EnginePort } from "./feeds.js";
import type { FetchedTensor } from "./fetched-tensor.js";
import type { WeightPlace } from "./weight-place.js";

/** What one run gives. */
export interface RunResult {
  /** Of the model's own outputs. */
  readonly outputs: ReadonlyMap<string, FetchedTensor>;
  /** Of the taps of kind tensor, by value; none when an observer has them. */
  readonly tensors: ReadonlyMap<string, FetchedTensor>;
  /** Of the taps of kind range, by value: least and greatest element of this run; none for a value without elements. NaN is passed over. */
  readonly ranges: ReadonlyMap<string, readonly [min: number, max: number]>;
  /** What the observer of the session answered; undefined without one. */
  readonly observed: unknown;
}

/** A model that is loaded. */
export interface EngineSession {
  readonly inputs: readonly EnginePort[];
  readonly outputs: readonly EnginePort[];
  readonly weights: WeightPlace;
  /** Runs one sample. Throws VX-ENGINE-INPUT-*, VX-ENGINE-RUN, VX-ENGINE-CLOSED, and what the observer throws. */
  run(sample: ReadonlyMap<string, TensorData>): Promise<RunResult>;
  /** Asks the observer. */
  ask(question: unknown): Promise<unknown>;
  /** Releases the model and removes its temporary files. */
  close(): Promise<void>;
}
