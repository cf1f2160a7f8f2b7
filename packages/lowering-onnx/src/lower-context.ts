import type { Graph, OpRegistry, TensorData } from "@vlm-export/ir";
import type { Names } from "./names.js";
import type { QuantizedNames } from "./qdq/pair.js";
import type { Tap } from "./taps.js";

/** Where an initializer of the artifact comes from. */
export interface InitializerSource {
  /** Name of the IR constant. */
  readonly value: string;
  /** What the initializer stores. */
  readonly data: TensorData;
}

/** What the lowering of one model shares. */
export interface LowerContext {
  /** The outermost graph. */
  readonly graph: Graph;
  readonly ops: OpRegistry;
  readonly opset: number;
  readonly names: Names;
  readonly zeroPoints: "always" | "when-given";
  readonly taps: readonly Tap[];
  readonly description: string;
  /** Domains of the operators that were written. */
  readonly domains: Set<string>;
  /** Of each quantized value of the outermost graph, by IR name. */
  readonly quantized: Map<string, QuantizedNames & { readonly copies: string[] }>;
  /** By name of the initializer; of constants of the outermost graph. */
  readonly initializers: Map<string, InitializerSource>;
  /** Names of the extra outputs of taps, in the order of the taps. */
  readonly tapOutputs: Map<Tap, readonly string[]>;
}
