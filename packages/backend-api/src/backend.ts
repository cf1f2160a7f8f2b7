import type { Diagnostic, DType, Granularity, Graph, Model, OpRegistry, Pass, TensorData } from "@vlm-export/ir";
import type { CompatRule, Unit, Verdict } from "./rules.js";

/** What a target can hold; checked on types alone before a weight is read. */
export interface Capabilities {
  readonly units: readonly Unit[];
  readonly weights: readonly DType[];
  readonly activations: readonly DType[];
  readonly granularities: readonly Granularity[];
  /** Block sizes that a block-quantized weight may have; empty = any. */
  readonly blockSizes: readonly number[];
  readonly rules: readonly CompatRule[];
  /** JSON Schema of `targets.<name>` in the recipe; `additionalProperties: false` expected. */
  readonly optionsSchema: object;
}

/** Maximal same-unit part of a component with no cycle through another region. */
export interface Region {
  readonly id: number;
  readonly unit: Unit;
  /** Node names, in topological order. */
  readonly nodes: readonly string[];
  /** Bytes crossing in and out, per run; unknown extents count as 1. */
  readonly boundaryBytes: number;
}

/** Exact re-encodings of integers and scales that an artifact may apply. */
export type Reencoding = "sign-shift" | "transpose" | "repack" | "negate" | "replicate-scale" | "widen-scale" | "flip";

/** One file of an artifact; `path` is POSIX, relative to the artifact's folder. */
export interface ArtifactFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Where a graph value's integers and qparams lie in an artifact, as the writer says; the decoder reads there and verify compares. */
export interface TensorLocation {
  readonly component: string;
  /** Name of the graph value. */
  readonly value: string;
  /** The writer's name for it; what it means is between emit and decode. */
  readonly key: string;
  readonly reencodings: readonly Reencoding[];
}

/** Where a constant that is not quantized lies in an artifact that stores it as the graph has it, bit for bit. */
export interface ConstantLocation {
  readonly component: string;
  /** Name of the graph value. */
  readonly value: string;
  /** As in {@link TensorLocation}. */
  readonly key: string;
}

/** A value that the target does not hold as decided, with what it holds instead. */
export interface LossEntry {
  readonly component: string;
  readonly value: string;
  readonly reason: string;
  /** `fallback`: kept in float; `requantize`: other integers, `maxAbsError` measured. */
  readonly resolution: "fallback" | "requantize";
  readonly maxAbsError?: number;
}

/** The files of one target, complete on disk. */
export interface Artifact {
  readonly backend: string;
  readonly formatVersion: string;
  /** Absolute folder that holds `files`. */
  readonly dir: string;
  readonly files: readonly ArtifactFile[];
  readonly tensors: readonly TensorLocation[];
  /** Absent when the target says nothing of its plain constants, or when the artifact was described by a manifest. */
  readonly constants?: readonly ConstantLocation[];
  readonly losses: readonly LossEntry[];
}

/** What {@link Backend.emit} says about the files that it wrote through {@link BackendContext.createFile}. */
export interface Emitted {
  readonly formatVersion: string;
  readonly tensors: readonly TensorLocation[];
  /** Plain constants that are stored as they are: verify compares them bit for bit. */
  readonly constants?: readonly ConstantLocation[];
  readonly losses?: readonly LossEntry[];
}

/**
 * Integers, scale and zero point as the artifact holds them, put back into the graph's layout and storage type. `scale` and `zeroPoint`
 * may be accessors that read the file each time: readers take them once.
 */
export interface DecodedTensor {
  readonly component: string;
  readonly value: string;
  readonly storage: DType;
  /** Absent for activations. Packed as in the graph. */
  readonly ints?: TensorData;
  /** Real numbers in f32 (widened exactly), row-major, as many as the graph's scale tensor has. */
  readonly scale: Float32Array;
  /** One per scale, or empty when symmetric. */
  readonly zeroPoint: readonly number[];
  /**
   * Shape of the scales against the value's in the graph's layout, as the file says which elements a scale is for; where it is given, it is
   * compared too.
   */
  readonly scaleShape?: readonly number[];
  /** Which re-encodings were undone. */
  readonly reencoded: readonly Reencoding[];
}

/** A plain constant as the artifact holds it, at its {@link ConstantLocation}. */
export interface DecodedConstant {
  readonly component: string;
  readonly value: string;
  readonly data: TensorData;
}

/** What the artifact really holds, read by a decoder that shares no code with emit. */
export interface Decoded {
  /** Name and version of the reader. */
  readonly decoder: string;
  readonly tensors: readonly DecodedTensor[];
  /** Of the artifact's `constants`; one that is not found is left out. */
  readonly constants?: readonly DecodedConstant[];
}

/** Named tensors; names are the model's input and output names, `component/name` when there are several components. */
export type Tensors = ReadonlyMap<string, TensorData>;

/** A running engine session over one artifact. */
export interface Session {
  readonly name: string;
  readonly version: string;
  /** By input, where the artifact takes only one shape; data made up by the host keeps to them. */
  readonly inputShapes?: ReadonlyMap<string, readonly number[]>;
  run(inputs: Tensors): Promise<Tensors>;
  /** For an engine that `run` gives other settings, so that it computes what the artifact says: what users get who set none. */
  readonly defaults?: DefaultRun;
  close(): Promise<void>;
}

/** The artifact on its engine with no settings changed. */
export interface DefaultRun {
  /** What to do where it is much less exact; ends the hint of VX-VERIFY-DEFAULTS. */
  readonly advice: string;
  run(inputs: Tensors): Promise<Tensors>;
}

/** What is known of a file before it is written. */
export interface FileOptions {
  /** Its size, where that is known: the host hashes a large file on a thread of its own. */
  readonly sizeBytes?: number;
}

/** One file being written inside the artifact's folder. */
export interface OutputFile {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface ExecOptions {
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
}

/** What a backend gets from the host. It never reads argv, environment or the working folder itself. */
export interface BackendContext<Options> {
  readonly options: Options;
  readonly ops: OpRegistry;
  readonly signal?: AbortSignal;
  /** Exists for this target only and is removed afterwards. */
  readonly tmpDir: string;
  report(diagnostic: Diagnostic): void;
  /** Creates a file of the artifact (`path` POSIX, relative, no `..`); bytes are hashed, counted and synced by the host. */
  createFile(path: string, options?: FileOptions): Promise<OutputFile>;
  /** Runs a program without a shell; throws VX-TOOL-* when it is absent, fails or hangs. */
  exec(file: string, args: readonly string[], options?: ExecOptions): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

/**
 * A plugin is one plain object. Hooks hold no state.
 * `lower` gets the whole quantized Model: one file per component, several signatures over shared weights, or weights only.
 */
export interface Backend<Options = unknown, TargetModel = unknown> {
  readonly name: string;
  readonly apiVersion: 1;
  readonly capabilities: Capabilities;
  /** Is the toolchain here? Returns findings, never throws. */
  probe?(context: BackendContext<Options>): Promise<readonly Diagnostic[]>;
  /** Run on a private clone; exact re-encodings only: integers and scales stay. */
  legalize?: readonly Pass[];
  /** Default: {@link partitionByUnit}. */
  partition?(graph: Graph, verdicts: readonly Verdict[]): readonly Region[];
  /** Pure: no I/O. */
  lower(
    model: Model,
    regions: ReadonlyMap<string, readonly Region[]>,
    context: BackendContext<Options>,
  ): TargetModel | Promise<TargetModel>;
  emit(target: TargetModel, context: BackendContext<Options>): Promise<Emitted>;
  /** Reads the files back with code of its own. Throws VX-DECODE-* on malformed bytes. */
  decode(artifact: Artifact, context: BackendContext<Options>): Promise<Decoded>;
  /** Opens the artifact on a real engine. Absent, or throwing a VX-TOOL-* error = reported as "not run", never as a pass. */
  open?(artifact: Artifact, context: BackendContext<Options>): Promise<Session>;
}
