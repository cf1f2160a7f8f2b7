import { bytesText, type Diagnostic, type FailureKind, VxError } from "@vlm-export/ir";
import type { SampleSource } from "./run-sample.js";

type Where = Partial<Diagnostic["where"]>;

function engineError(
  code: `VX-ENGINE-${string}`,
  message: string,
  details: { hint?: string; where?: Where; kind?: FailureKind; cause?: unknown } = {},
): VxError {
  const { hint, where = {}, kind = "user", cause } = details;
  const diagnostic: Diagnostic = {
    code,
    severity: "error",
    message,
    ...(hint !== undefined && { hint }),
    where: { stage: "verify", ...where },
  };
  return new VxError(diagnostic, { kind, ...(cause !== undefined && { cause }) });
}

/** The way out where the engine cannot run a model at all. */
const WITHOUT_ENGINE = "take a recipe that needs no data: preset:weights-int8 does without the engine.";

/** Use of a session or an engine after it was closed: a caller's bug, but one that a user may see after an interrupt. */
export function engineClosed(): VxError {
  return engineError("VX-ENGINE-CLOSED", "the engine session is closed.", { kind: "interrupted" });
}

/** An element type that the engine's interface does not carry in or out. */
export function engineDtype(value: string, dtype: string): VxError {
  return engineError(
    "VX-ENGINE-DTYPE",
    `value ${JSON.stringify(value)} has element type ${dtype}, which ONNX Runtime for Node cannot take in or give out.`,
    {
      where: { value },
      hint: "Give the model float32 or float16 inputs and outputs.",
    },
  );
}

/** An input or output that is a sequence, an optional or a map, which the engine's interface does not carry either. */
export function engineNoTensor(value: string): VxError {
  return engineError(
    "VX-ENGINE-DTYPE",
    `value ${JSON.stringify(value)} is no tensor, and ONNX Runtime for Node takes in and gives out nothing else.`,
    {
      where: { value },
      hint: `Export the model without optional and sequence inputs and outputs, or ${WITHOUT_ENGINE}`,
    },
  );
}

/** A sample that lacks an input of the model. */
export function engineInputMissing(input: string, given: readonly string[]): VxError {
  return engineError("VX-ENGINE-INPUT-MISSING", `the sample lacks the model input ${JSON.stringify(input)}; it has ${listOf(given)}.`, {
    where: { value: input },
  });
}

/** A sample tensor of another element type or shape than the model's input. */
export function engineInputType(input: string, actual: string, expected: string): VxError {
  return engineError("VX-ENGINE-INPUT-TYPE", `the sample for input ${JSON.stringify(input)} is ${actual}; the model expects ${expected}.`, {
    where: { value: input },
    hint: "Fix the preprocessing of the calibration data.",
  });
}

/** A name in a sample that the model has no input for. */
export function engineInputUnknown(name: string, known: readonly string[]): VxError {
  return engineError(
    "VX-ENGINE-INPUT-UNKNOWN",
    `the sample has a tensor ${JSON.stringify(name)}, but the model has no such input; it has ${listOf(known)}.`,
    {
      where: { value: name },
    },
  );
}

/** The engine refuses a model. */
export function engineLoad(file: string, cause: unknown): VxError {
  const message = messageOf(cause);
  const node = nodeOf(message);
  return engineError("VX-ENGINE-LOAD", `ONNX Runtime cannot load the model: ${message}`, {
    where: { file, ...(node !== undefined && { node }) },
    hint: `Calibration runs the float model; where the engine cannot, ${WITHOUT_ENGINE}`,
    kind: "tool",
    cause,
  });
}

/** A model that does not fit into memory as the engine holds it. */
export function engineMemory(needBytes: number, freeBytes: number): VxError {
  return engineError(
    "VX-ENGINE-MEMORY",
    `the engine would need about ${bytesText(needBytes)} of memory for this model, and ${bytesText(freeBytes)} are free.`,
    { hint: "Run on a machine with more memory.", kind: "tool" },
  );
}

/** The optional package is not installed. */
export function engineMissing(cause: unknown): VxError {
  return engineError("VX-ENGINE-MISSING", "the package onnxruntime-node is not installed; calibration and engine runs need it.", {
    hint: "npm install onnxruntime-node@1.30.0 --ignore-scripts",
    kind: "tool",
    cause,
  });
}

/** An output whose name the engine's interface loses. */
export function engineName(value: string): VxError {
  return engineError(
    "VX-ENGINE-NAME",
    `an output has the name ${JSON.stringify(value)}, under which ONNX Runtime for Node cannot give it out: it would be the prototype of the results.`,
    { where: { value }, hint: "Give the output another name.", kind: "tool" },
  );
}

/** The engine fails while it runs a model. */
export function engineRun(cause: unknown): VxError {
  const message = messageOf(cause);
  const node = nodeOf(message);
  return engineError("VX-ENGINE-RUN", `ONNX Runtime cannot run the model: ${message}`, {
    where: node === undefined ? {} : { node },
    kind: "tool",
    cause,
  });
}

/** The engine fails on one sample of a model that it has loaded. */
export function engineSample({ name, place }: SampleSource, stage: Diagnostic["where"]["stage"], cause: VxError): VxError {
  const sample = place ? "this sample" : `sample ${name}`;
  return engineError("VX-ENGINE-SAMPLE", `the engine fails on ${sample}: ${cause.message}`, {
    hint: place
      ? `Correct the sample or ${place.line === undefined ? "take it out of the folder" : "remove the line"}; ids beyond a table and extents that do not fit each other are the usual reasons.`
      : "Give real data: numbers that are made up do not suit every model.",
    where: { ...cause.diagnostic.where, stage, ...place },
    cause,
  });
}

/** The package is there but its native part does not load. */
export function engineUnusable(cause: unknown): VxError {
  return engineError("VX-ENGINE-UNUSABLE", `the package onnxruntime-node does not load: ${messageOf(cause)}`, {
    hint: "Install it again for this system and Node release: npm install onnxruntime-node@1.30.0 --ignore-scripts",
    kind: "tool",
    cause,
  });
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => JSON.stringify(name)).join(", ");
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** ONNX Runtime names the node in its message in a few fixed ways. */
function nodeOf(message: string): string | undefined {
  return /(?:Name:|node with name |Node \(|node )'?([^')]+)['")]/.exec(message)?.[1];
}
