import type { FetchedTensor } from "./fetched-tensor.js";

/**
 * Takes the tensors of taps where the engine runs, so that they never leave its thread: moved to another one they cost more than most
 * work on them. Questions and answers cross threads: what structured cloning carries, and errors as VxError.
 */
export interface TapObserver {
  /** Sees the tap tensors of one run, by value; the next run waits for the answer, which becomes `RunResult.observed`. */
  observe(tensors: ReadonlyMap<string, FetchedTensor>): Promise<unknown>;
  /** Answers a question that is asked between runs. */
  answer(question: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** A module that makes observers. */
export interface ObserverModule {
  createObserver(settings: unknown): TapObserver;
}

/** Where an observer comes from. */
export interface ObserverSource {
  /** The module's built file, which the engine's thread loads. */
  readonly module: URL;
  /** The same module, for an engine that runs on the calling thread. */
  readonly load: () => Promise<ObserverModule>;
  readonly settings?: unknown;
}
