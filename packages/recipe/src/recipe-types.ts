import type { Diagnostic } from "@vlm-export/ir";
import type { ImageSettings } from "@vlm-export/schemas";
import type { Place } from "./errors.js";
import type { Matcher } from "./match/matcher.js";
import type { ActivationRequest, DecidedBy, RangeMethod, WeightRequest } from "./plan-types.js";

/** Where a setting came from: a line of a recipe or preset, or the tool's own default. */
export type Origin = Place | "default";

/** What `weights:` of a rule asks for, defaults filled in; axes follow from each weight. */
export interface WeightSettings extends Omit<WeightRequest, "axis"> {
  /** What a weight becomes whose extent blockSize does not divide. */
  readonly unfit: "refuse" | "int8";
}

/** What `activations:` of a rule asks for, defaults filled in. */
export interface ActivationSettings extends ActivationRequest {
  /** Also the outputs of the node. */
  readonly outputs: boolean;
  /** Outputs with a range that holds for any data get it instead of a calibrated one. */
  readonly fixedRanges: boolean;
}

/** One rule in the order of application: rules of presets and other bases come first. */
export interface RecipeRule {
  readonly decidedBy: DecidedBy;
  /** Rules of presets may match nothing. */
  readonly fromPreset: boolean;
  readonly matcher: Matcher;
  readonly weights?: "float" | WeightSettings;
  readonly activations?: "float" | ActivationSettings;
  readonly keep?: "float" | "f16";
  /** Channels above mean + sigma · standard deviation go into a float16 part. */
  readonly split?: { readonly sigma: number };
  readonly biasCorrection?: boolean;
  readonly equalize?: boolean;
  /** Place of each key that the recipe states, such as `weights.dtype`; others are defaults. */
  readonly origins: ReadonlyMap<string, Place>;
}

export interface CalibrationSettings {
  /** Path of a JSONL file or a folder (relative ones already joined to the recipe's folder), or `random`; absent = none. */
  readonly data?: string;
  readonly samples: number;
  readonly seed: number;
  readonly method: RangeMethod;
}

/** What `model.shapes` says of one input or symbol, and where. */
export interface ShapeSetting {
  /** Of an input all its extents, of a symbol its number. */
  readonly extents: number | readonly number[];
  readonly place: Place;
}

/** Paths as the recipe names them, relative ones from its folder: equal from every working folder, however the recipe is called. */
export interface NamedPaths {
  readonly calibrationData?: string;
  readonly evalData?: string;
  readonly evalLabels?: string;
  /** Like the recipe's `plugins`, package names among them. */
  readonly plugins: readonly string[];
}

export interface GateSettings {
  /** Greatest loss of task accuracy relative to float, as a share. Applies when there is labelled data. */
  readonly maxDegradation: number;
  readonly minCosine?: number;
}

export interface EvalSettings {
  /** Path of a labelled JSONL file, or of a folder with a sub-folder for each class. */
  readonly data: string;
  readonly metric: "top-1";
  /** Path of a JSON list of class names. */
  readonly labels?: string;
  readonly samples?: number;
}

/** A recipe with its bases merged, every default filled in and everything that cannot be executed refused. */
export interface Recipe {
  readonly version: 1;
  /** As given, or `preset:NAME`. */
  readonly file: string;
  /** All files that it was made of, bases first, itself last. */
  readonly sources: readonly string[];
  readonly model: { readonly shapes: ReadonlyMap<string, ShapeSetting>; readonly image?: ImageSettings };
  readonly calibration: CalibrationSettings;
  readonly rules: readonly RecipeRule[];
  readonly onLoss: "refuse" | "fallback";
  readonly gates: GateSettings;
  readonly eval?: EvalSettings;
  /** Emit options by target name, unchecked: each backend has its own schema. */
  readonly targets: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Package names or absolute paths of further backends. */
  readonly plugins: readonly string[];
  /** The same files as above, for the hash. */
  readonly named: NamedPaths;
  /**
   * Where each setting outside `rules` came from, by name such as `calibration.samples`, `targets.tflite.layout`, or `plugins.` and the
   * plugin; of an option of a target the place of its key.
   */
  readonly origins: ReadonlyMap<string, Origin>;
  /** SHA-256 (hex) of what the recipe asks for: independent of its own path, the working folder, comments and order of keys. */
  readonly hash: string;
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[];
}
