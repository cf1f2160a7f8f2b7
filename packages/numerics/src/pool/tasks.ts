import type { ChannelErrors, ErrorLayout } from "../channel-errors.js";
import type { Factors } from "../factors.js";
import type { Floats, FloatType, GroupRanges, QParams, QuantizedWeights, ScaleSpec } from "../kernels.js";
import type { QuantView } from "../view.js";

/** A tensor in a file: `elementCount` little-endian floats from byte `offset` on. */
export interface FloatFile {
  readonly path: string;
  readonly offset: number;
  readonly dtype: FloatType;
  readonly elementCount: number;
  /** What the elements are multiplied by, in f32, as they are read. */
  readonly factors?: Factors;
}

/** Where a tensor's floats are. Arrays over a SharedArrayBuffer are shared with the workers, others are copied to them. */
export type FloatSource = Floats | FloatFile;

/** A place in a file that exists. */
export interface FilePlace {
  readonly path: string;
  readonly offset: number;
}

/** Where packed codes are. */
export type Codes = Uint8Array | FilePlace;

/** Where a task leaves what it made: memory that the threads share, or a file. */
export type Destination = Uint8Array | FilePlace;

/** A file that exists, with the offsets at which packed codes and scales (as their type says) are to lie. */
export interface WeightsFile {
  readonly path: string;
  readonly codes: number;
  readonly scale: number;
}

/** What is left to say of weights whose codes and scales are in a file. */
export interface WeightsInFile extends Omit<QuantizedWeights, "bytes" | "scale"> {
  /** As `largestScale` says. */
  readonly largestScale: number;
}

/** A byte range of a file. */
export interface FileRange {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
  /** Reads the range as 16-bit floats of this type, and takes the f32 that they stand for instead. */
  readonly widen?: "f16" | "bf16";
}

/** One unit of work for a worker: plain data. Outputs go to `out…`: arrays over shared memory, or files. */
export type Task =
  | { readonly kind: "groupRanges"; readonly source: FloatSource; readonly view: QuantView }
  | { readonly kind: "quantize"; readonly source: FloatSource; readonly q: QParams; readonly outBytes: Destination }
  | {
      readonly kind: "quantizeWeights";
      readonly source: FloatSource;
      readonly spec: ScaleSpec;
      readonly outBytes: Destination;
      /** Scales, in f32 in memory and as `spec.scaleDtype` in a file. */
      readonly outScale: Float32Array | FilePlace;
      readonly outZeroPoint?: Int32Array;
    }
  | {
      readonly kind: "channelErrors";
      readonly source: FloatSource;
      readonly codes: Codes;
      readonly q: QParams;
      readonly layout: ErrorLayout;
      /** Number of the first element in the whole tensor. */
      readonly start: number;
    }
  | { readonly kind: "sha256"; readonly range: FileRange };

/** What each kind of task answers. */
export interface TaskResults {
  readonly groupRanges: GroupRanges;
  readonly quantize: { readonly nanCount: number };
  readonly quantizeWeights: Pick<WeightsInFile, "nanCount" | "nonFiniteGroups" | "largestScale">;
  readonly channelErrors: ChannelErrors;
  readonly sha256: string;
}

/** The task of one kind. */
export type TaskOf<Kind extends Task["kind"]> = Extract<Task, { kind: Kind }>;

/** Runs one task somewhere. */
export type RunTask = <Kind extends Task["kind"]>(task: TaskOf<Kind>) => Promise<TaskResults[Kind]>;
