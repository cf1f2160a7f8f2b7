import type { Tap } from "@vlm-export/lowering-onnx";
import type { EngineSession } from "./engine-session.js";
import type { ObserverSource } from "./tap-observer.js";
import type { WeightPlace } from "./weight-place.js";

/** How Q/DQ and the operators between them are computed; see `OpenOptions`. */
export type Arithmetic = "fused" | "plain" | "default";

/** What becomes of outputs that the engine's interface does not carry: sequences, some element types, a name; see `OpenOptions`. */
export type Unreadable = "refused" | "left-out";

/** A model file to load, and how. */
export interface LoadRequest {
  readonly path: string;
  readonly arithmetic: Arithmetic;
  readonly weights: WeightPlace;
  /** Threads of one run; undefined for all cores. */
  readonly threads: number | undefined;
  /** Which outputs of the file are taps. */
  readonly taps: ReadonlyMap<Tap, readonly string[]>;
  /** Names of the graph's own outputs; undefined: all of the file's. */
  readonly outputs: readonly string[] | undefined;
  readonly unreadable: Unreadable;
}

/** Loads models into the engine, on this thread or another. */
export interface Loader {
  /** Of the engine. */
  readonly version: string;
  /** Throws VX-ENGINE-LOAD, VX-ENGINE-DTYPE, VX-ENGINE-NAME. */
  load(request: LoadRequest, observer: ObserverSource | undefined): Promise<EngineSession>;
  /** Sessions must be closed before. */
  close(): void;
}
