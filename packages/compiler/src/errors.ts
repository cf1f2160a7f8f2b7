import { join } from "node:path";
import type { Verdict } from "@vlm-export/backend-api";
import type { Diagnostic, FailureKind } from "@vlm-export/ir";
import { VxError } from "@vlm-export/ir";

interface Details {
  readonly message: string;
  readonly hint?: string;
  readonly cause?: unknown;
  readonly kind?: FailureKind;
}

function coded(
  code: Diagnostic["code"],
  stage: Diagnostic["where"]["stage"],
  details: Details,
  where: Partial<Diagnostic["where"]> = {},
): VxError {
  const { message, hint, cause, kind } = details;
  return new VxError(
    { code, severity: "error", message, ...(hint && { hint }), where: { stage, ...where } },
    { ...(cause !== undefined && { cause }), ...(kind && { kind }) },
  );
}

/** The target has no form of a quantized value: its storage type, granularity or block size. */
export function checkCapability(backend: string, component: string, value: string, reason: string): Diagnostic {
  return {
    code: "VX-CHECK-CAPABILITY",
    severity: "error",
    message: `target ${backend} cannot hold the value as decided: ${reason}.`,
    hint: "Change the recipe, or set onLoss: fallback to keep such values in float for this target.",
    where: { stage: "check", backend, component, value },
  };
}

/** A rule of the target says that it cannot emit a node as decided. */
export function checkRejected(backend: string, { component, node, rule, reason, source }: Verdict, hint: string): Diagnostic {
  return {
    code: "VX-CHECK-REJECTED",
    severity: "error",
    message: `${node.op} cannot be emitted: ${reason} (rule ${rule}, source: ${source}).`,
    hint,
    where: { stage: "check", backend, component, node: node.name },
  };
}

/** `--out` names a file, or a folder with files that this tool did not write; `problem` goes on the folder's name. */
export function emitFolderForeign(folder: string, problem: string): VxError {
  return coded("VX-EMIT-FOLDER-FOREIGN", "emit", {
    message: `output folder ${folder} ${problem}; it would be replaced as a whole.`,
    hint: "Choose another --out, or move what is yours out of it.",
  });
}

/** `--out` names a folder that cannot be moved, such as a mount point: it could not be replaced as a whole. */
export function emitFolderFixed(folder: string, cause: unknown): VxError {
  return coded("VX-EMIT-FOLDER-FIXED", "emit", {
    message: `output folder ${folder} cannot be replaced as a whole: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: `A mount point, or a folder in use, stays where it is: name a folder inside it, such as ${join(folder, "dist")}.`,
    cause,
  });
}

/** Another run writes to the same output folder. */
export function emitFolderBusy(folder: string, pid: number, lockFile: string): VxError {
  return coded("VX-EMIT-FOLDER-BUSY", "emit", {
    message: `output folder ${folder} is being written by process ${pid}.`,
    hint: `Wait for that run to end, or choose another --out. If that run was on another host and is gone, remove ${lockFile}.`,
  });
}

/** Ctrl-C or an aborted signal. */
export function interrupted(): VxError {
  return coded("VX-EMIT-INTERRUPTED", "emit", {
    message: "interrupted; temporary files were removed and no output was written.",
    kind: "interrupted",
  });
}

/** An output of the artifact that is far from the float model's. */
export function verifyFar(
  backend: string,
  value: string,
  { cosine, limit }: { readonly cosine: number; readonly limit: number },
): Diagnostic {
  return {
    code: "VX-VERIFY-FAR",
    severity: "warning",
    message: `this output has cosine ${cosine.toFixed(4)} to the float model's, below ${limit}.`,
    hint: "The report lists the worst layers: keep them in float or give them more bits. gates.minCosine in the recipe makes this a failure.",
    where: { stage: "verify", backend, value },
  };
}

/** An output whose shape the data decide, and which is not the float model's. */
export function verifyShape(
  backend: string,
  value: string,
  {
    pairs,
    samples,
    float,
    quantized,
  }: { readonly pairs: number; readonly samples: number; readonly float: readonly number[]; readonly quantized: readonly number[] },
): Diagnostic {
  return {
    code: "VX-VERIFY-SHAPE",
    severity: "warning",
    message: `this output has another shape than the float model's in ${pairs} of ${samples} samples, the first time [${quantized.join(", ")}] for [${float.join(", ")}]: nothing is paired there, and its elements count against 0.`,
    hint: "Judge such an output by task accuracy (eval:), or keep what decides its shape (scores before NonMaxSuppression, TopK) in float.",
    where: { stage: "verify", backend, value },
  };
}

/** Parts in float16, whose rounding no figure of the engine shows. */
export function verifyHalf(backend: string): Diagnostic {
  return {
    code: "VX-VERIFY-HALF",
    severity: "info",
    message:
      "ONNX Runtime computes the parts that are kept in float16 in float32 on this processor: rounding to float16 is in none of the figures.",
    hint: "Measure on the device what float16 costs there.",
    where: { stage: "verify", backend },
  };
}

/** The float model does not fit into memory as the engine holds it. */
export function verifyMapped(backend: string, samples: number): Diagnostic {
  return {
    code: "VX-VERIFY-MAPPED",
    severity: "info",
    message: `too little memory is free to hold the float model: its weights were read from disk in each run (samples compared: ${samples}).`,
    where: { stage: "verify", backend },
  };
}

/** An artifact, or the engine that runs it, gives other outputs than the model has. */
export function verifyOutput(backend: string, output: string, found: readonly string[]): VxError {
  const given = found.length > 0 ? `it gives ${found.map((name) => JSON.stringify(name)).join(", ")}` : "it gives none";
  return coded(
    "VX-VERIFY-OUTPUT",
    "verify",
    {
      message: `the engine gives no output of this name; ${given}.`,
      hint: "The artifact is not the model's: report this to the authors of the target's plugin.",
      kind: "verify",
    },
    { backend, value: output },
  );
}

/** The engine with its own settings loses much of what was measured. */
export function verifyDefaults(
  backend: string,
  { before, after, advice }: { readonly before: number; readonly after: number; readonly advice: string },
): Diagnostic {
  const whole = Number.isFinite(before) ? `${before.toFixed(1)} dB` : "no error";
  return {
    code: "VX-VERIFY-DEFAULTS",
    severity: "warning",
    message: `with none of its settings changed the engine computes this artifact less exactly on this processor: SQNR ${after.toFixed(1)} dB to the float model, ${whole} where every operator is computed as it stands.`,
    hint: advice,
    where: { stage: "verify", backend },
  };
}

/** The engine with its own settings refuses the artifact, or fails in it. */
export function verifyDefaultsFailed(backend: string, reason: string, advice: string): Diagnostic {
  return {
    code: "VX-VERIFY-DEFAULTS",
    severity: "warning",
    message: `with none of its settings changed the engine does not run this artifact: ${reason}`,
    hint: advice,
    where: { stage: "verify", backend },
  };
}

/** A folder or file that is not an output of this tool. */
export function verifyManifest(path: string, reason: string): VxError {
  return coded(
    "VX-VERIFY-MANIFEST",
    "verify",
    { message: `${path} is not a manifest of vlm-export: ${reason}.`, hint: "Give the folder that --out named." },
    { file: path },
  );
}

/** A file of an artifact is missing or has other bytes than its manifest says. */
export function verifyFile(path: string, reason: string): VxError {
  return coded(
    "VX-VERIFY-FILE",
    "verify",
    { message: `${path} ${reason}.`, hint: "Run vlm-export again; the artifact was changed after it was proven.", kind: "verify" },
    { file: path },
  );
}

/** `--target` names no backend that was found. */
export function pluginUnknownTarget(target: string, known: readonly string[], nearest: string | undefined): VxError {
  return coded("VX-PLUGIN-UNKNOWN-TARGET", "plan", {
    message: `no backend named ${JSON.stringify(target)} was found; there are: ${known.join(", ") || "none"}.`,
    hint: nearest
      ? `Did you mean ${nearest}?`
      : "Install its package (keyword vlm-export-backend) or name it: under plugins: in the recipe, to verify and eval by --plugin.",
  });
}

/** A plugin that does not load. */
export function pluginLoad(path: string, reason: string, cause?: unknown): VxError {
  return coded("VX-PLUGIN-LOAD", "plan", {
    message: `plugin ${path} does not load: ${reason}.`,
    hint: "Install it again for this version of vlm-export, or remove it; `vlm-export backend test PATH` checks it.",
    cause,
  });
}

/** A plugin that is not where it is named. */
export function pluginAbsent(path: string, reason: string, hint: string): VxError {
  return coded("VX-PLUGIN-LOAD", "plan", { message: `plugin ${path} does not load: ${reason}.`, hint });
}

/** Two packages provide a backend of the same name. */
export function pluginDuplicate(name: string, first: string, second: string): VxError {
  return coded("VX-PLUGIN-DUPLICATE", "plan", {
    message: `backend ${JSON.stringify(name)} is provided by both ${first} and ${second}.`,
    hint: "Remove one of them.",
  });
}

/** The source model is not the file that the artifacts were made of. */
export function verifySource(path: string, difference: string): VxError {
  return coded(
    "VX-VERIFY-SOURCE",
    "verify",
    {
      message: `${path} has ${difference} when the artifacts were made: it is another model.`,
      hint: "Run vlm-export again, or give the model that the artifacts were made of by --model.",
    },
    { file: path },
  );
}

/** `eval` needs labels. */
export function verifyNoLabels(file: string): VxError {
  return coded(
    "VX-VERIFY-NO-LABELS",
    "verify",
    {
      message: `${file} has samples without a label.`,
      hint: 'Accuracy needs {"image": "a.png", "label": 3} on every line.',
    },
    { file },
  );
}

/** A model path that is no ONNX file. */
export function importNotOnnx(path: string): VxError {
  return coded(
    "VX-IMPORT-FORMAT",
    "import",
    {
      message: `${path} is not an .onnx file, the only model format that this version reads.`,
      hint: "Export the model to ONNX and give the .onnx file.",
    },
    { file: path },
  );
}

/** A folder where one .onnx file was expected; `models`: those in it. */
export function importFolder(path: string, models: readonly string[]): VxError {
  const [first, ...others] = models;
  const hint =
    first === undefined
      ? "Give the path of an .onnx file; this folder holds none."
      : others.length === 0
        ? `Give the file: ${first}.`
        : `Export its models one by one, each with its own recipe and --out: ${listed(models)}.`;
  return coded(
    "VX-IMPORT-FORMAT",
    "import",
    { message: `${path} is a folder; one command exports one .onnx file with the data files beside it.`, hint },
    { file: path },
  );
}

/** At most eight, then how many more. */
function listed(models: readonly string[]): string {
  const shown = models.slice(0, 8).join(", ");
  return models.length > 8 ? `${shown} and ${models.length - 8} more` : shown;
}

/** `model.shapes` of the recipe does not fit a model input. */
export function recipeShape(input: string, shape: readonly (number | string)[], wanted: readonly (number | string)[]): VxError {
  return coded(
    "VX-RECIPE-SHAPE",
    "normalize",
    {
      message: `model.shapes gives input ${JSON.stringify(input)} the shape [${wanted.join(", ")}]; the model has [${shape.join(", ")}].`,
      hint: "Fixed extents of the model cannot be changed; state only the symbolic ones.",
    },
    { value: input },
  );
}

/** Nothing runs the float model, so nothing can be compared with it. */
export function verifyNoFloat(): VxError {
  return coded("VX-VERIFY-NO-FLOAT", "verify", {
    message: "onnxruntime-node, which runs the float model, is not installed.",
    hint: "npm install onnxruntime-node --ignore-scripts",
    kind: "tool",
  });
}

/** The float model does not run on data that was made up, as there is none. */
export function verifyRandom(cause: VxError): VxError {
  return coded("VX-VERIFY-RANDOM", "verify", {
    message: `the float model does not run on random data: ${cause.message}`,
    hint: "Give data (calibration.data, eval.data or --calibration), or state model.shapes in the recipe.",
    cause,
  });
}

/** What a replaced output or a killed run left beside the output folder cannot be removed. */
export function emitFolderLeft(path: string, cause: unknown): Diagnostic {
  return {
    code: "VX-EMIT-FOLDER-LEFT",
    severity: "warning",
    message: `${path}, which nothing needs any more, cannot be removed: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: "Remove it by hand. The output folder is not affected.",
    where: { stage: "emit", file: path },
  };
}

/** The operating system refused to open or look at a file or folder. */
export function importOpen(path: string, cause: Error): VxError {
  return coded(
    "VX-IMPORT-FILE-OPEN",
    "import",
    { message: `${path} cannot be read: ${cause.message}.`, hint: "Check the path and its permissions.", cause },
    { file: path },
  );
}

/** A file of an artifact that cannot be read, whatever is in it. */
export function verifyUnreadable(path: string, cause: Error): VxError {
  return coded(
    "VX-VERIFY-FILE",
    "verify",
    { message: `${path} cannot be read: ${cause.message}.`, hint: "Make it readable, then verify again.", cause, kind: "verify" },
    { file: path },
  );
}
