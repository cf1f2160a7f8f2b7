import type { Floats, FloatType, GroupRanges, QParams, ScaleSpec } from "../kernels.js";
import type { QuantView } from "../view.js";

/** A tensor in a file: `elementCount` little-endian floats from byte `offset` on. */
export interface FloatFile {
  readonly path: string;
  readonly offset: number;
  readonly dtype: FloatType;
  readonly elementCount: number;
}

/** Where a tensor's floats are. Arrays over a SharedArrayBuffer are shared with the workers, others are copied to them. */
export type FloatSource = Floats | FloatFile;

/** A byte range of a file. */
export interface FileRange {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
}

/** One unit of work for a worker: plain data. Outputs go to `out…` arrays over shared memory. */
export type Task =
  | { readonly kind: "groupRanges"; readonly source: FloatSource; readonly view: QuantView }
  | { readonly kind: "quantize"; readonly source: FloatSource; readonly q: QParams; readonly outBytes: Uint8Array }
  | {
      readonly kind: "quantizeWeights";
      readonly source: FloatSource;
      readonly spec: ScaleSpec;
      readonly outBytes: Uint8Array;
      readonly outScale: Float32Array;
      readonly outZeroPoint?: Int32Array;
    }
  | { readonly kind: "sha256"; readonly range: FileRange };

/** What each kind of task answers. */
export interface TaskResults {
  readonly groupRanges: GroupRanges;
  readonly quantize: { readonly nanCount: number };
  readonly quantizeWeights: { readonly nanCount: number; readonly nonFiniteGroups: number };
  readonly sha256: string;
}

/** The task of one kind. */
export type TaskOf<Kind extends Task["kind"]> = Extract<Task, { kind: Kind }>;

/** Runs one task somewhere. */
export type RunTask = <Kind extends Task["kind"]>(task: TaskOf<Kind>) => Promise<TaskResults[Kind]>;
