import { readFileSync } from "node:fs";
import { type Diagnostic, type Value, VxError } from "@vlm-export/ir";

const backend = "tflite";

/** A .tflite file that its reader refuses. */
export function decodeFile(file: string, cause: Error): VxError {
  return new VxError(
    {
      code: "VX-DECODE-TFLITE-FILE",
      severity: "error",
      message: cause.message,
      hint: "The artifact is damaged or was changed after it was written; build it again.",
      where: { stage: "verify", backend, file },
    },
    { cause, kind: "verify" },
  );
}

/** The artifact's tensor is not what the writer's list of tensors says. */
export function decodeTensor(component: string, value: string, problem: string): VxError {
  return new VxError(
    {
      code: "VX-DECODE-TFLITE-TENSOR",
      severity: "error",
      message: `the .tflite file of ${component}: ${problem}.`,
      hint: "The artifact is damaged or was changed after it was written; build it again.",
      where: { stage: "verify", backend, component, value },
    },
    { kind: "verify" },
  );
}

/** A value whose extents are not all known and above zero. */
export function lowerShape(value: string): VxError {
  return new VxError({
    code: "VX-LOWER-TFLITE-SHAPE",
    severity: "error",
    message: `the shape of ${JSON.stringify(value)} is not known as numbers above zero, and TFLite kernels need it.`,
    hint: "Export the model with fixed shapes.",
    where: { stage: "lower", backend, value },
  });
}

/** Inputs with symbolic extents that are no batch: nothing says which number the fixed shapes should have. One finding per input. */
export function lowerSymbols(component: string, symbols: ReadonlySet<string>, inputs: readonly Value[]): VxError {
  const lines = [...new Set(inputs.flatMap((input) => shapeLines(input, symbols)))].join("\n");
  return new VxError(
    inputs.map(({ name, type: { shape = [] } }) => ({
      code: "VX-LOWER-TFLITE-SYMBOL",
      severity: "error" as const,
      message:
        `TFLite kernels work on fixed shapes, and input ${JSON.stringify(name)} of shape [${shape.join(", ")}] leaves ` +
        `${shape.filter((extent) => symbols.has(String(extent))).join(", ")} open.`,
      hint: `State the numbers in the recipe:\nmodel:\n  shapes:\n${lines}`,
      where: { stage: "legalize", backend, component, value: name },
    })),
  );
}

/** Lines of model.shapes: one per symbol, or the whole shape where an extent has no name in the model. */
function shapeLines({ name, type: { shape = [] } }: Value, symbols: ReadonlySet<string>): readonly string[] {
  const open = shape.filter((extent) => symbols.has(String(extent)));
  if (!open.some((extent) => String(extent).startsWith("?"))) return open.map((symbol) => `    ${JSON.stringify(symbol)}: …`);
  return [`    ${JSON.stringify(name)}: [${shape.map((extent) => (typeof extent === "number" ? extent : "…")).join(", ")}]`];
}

/** Extents without a number, batches, that the artifact takes as 1. */
export function lowerStatic(component: string, batches: Iterable<string>): Diagnostic {
  return {
    code: "VX-LOWER-TFLITE-STATIC",
    severity: "info",
    message: `the artifact takes ${[...batches].join(", ")} = 1: TFLite kernels work on fixed shapes.`,
    hint: "model.shapes in the recipe sets another number.",
    where: { stage: "legalize", backend, component },
  };
}

/** How many operators a component's file has, and how many of them only convert. */
export function lowerSummary(component: string, operators: number, conversions: number): Diagnostic {
  return {
    code: "VX-LOWER-TFLITE-SUMMARY",
    severity: "info",
    message: `${operators} TFLite operators, ${conversions} of them conversions between integers and real numbers.`,
    where: { stage: "lower", backend, component },
  };
}

/** A node in a form that has no TFLite kernel here. */
export function lowerUnsupported(node: string, reason: string): VxError {
  return new VxError({
    code: "VX-LOWER-TFLITE-UNSUPPORTED",
    severity: "error",
    message: `${reason}.`,
    hint: "Leave this target out, or export the model without that operator.",
    where: { stage: "lower", backend, node },
  });
}

/** A value in a form that no TFLite tensor has here. */
export function lowerValue(value: string, reason: string): VxError {
  return new VxError({
    code: "VX-LOWER-TFLITE-VALUE",
    severity: "error",
    message: `${reason}.`,
    hint: "Change the recipe for this value, or leave this target out.",
    where: { stage: "lower", backend, value },
  });
}

/** The engine did not come up, or lacks something that the artifact needs (a kernel, an element type, memory). */
export function toolEngine(detail: string, cause?: unknown): VxError {
  return new VxError(
    {
      code: "VX-TOOL-TFLITE-ENGINE",
      severity: "error",
      message: `@litertjs/core: ${detail.replace(/\.$/, "")}.`,
      hint: "Run `vlm-export doctor`; `--verify decode` proves the artifact without an engine.",
      where: { stage: "verify", backend },
    },
    { cause, kind: "tool" },
  );
}

/** A sample of another type or shape than the artifact's input. */
export function toolInput(input: string, given: string, expected: string): VxError {
  return new VxError(
    {
      code: "VX-TOOL-TFLITE-INPUT",
      severity: "error",
      message: `input ${JSON.stringify(input)} of the sample is ${given}; the .tflite file takes ${expected}.`,
      hint: "Its shapes are fixed: set model.shapes in the recipe to what the samples have; a batch without a number becomes 1.",
      where: { stage: "verify", backend, value: input },
    },
    { kind: "tool" },
  );
}

/** The engine package is not installed. */
export function toolEngineAbsent(cause: unknown): VxError {
  const { optionalDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  return new VxError(
    {
      code: "VX-TOOL-TFLITE-ENGINE-ABSENT",
      severity: "error",
      message: "the optional package @litertjs/core is not installed, so the artifact was not run.",
      hint: `npm install @litertjs/core@${optionalDependencies["@litertjs/core"]}`,
      where: { stage: "verify", backend },
    },
    { cause, kind: "tool" },
  );
}

/** The engine refuses the artifact, or fails while it runs it. */
export function verifyEngine(detail: string): VxError {
  return new VxError(
    {
      code: "VX-VERIFY-TFLITE-ENGINE",
      severity: "error",
      message: `the artifact does not run on @litertjs/core: ${detail.replace(/\.$/, "")}.`,
      hint: "This is a bug of vlm-export: report it with the model. `--verify decode` leaves the engine out.",
      where: { stage: "verify", backend },
    },
    { kind: "verify" },
  );
}
