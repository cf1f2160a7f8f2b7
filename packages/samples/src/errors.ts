import { type Diagnostic, VxError } from "@vlm-export/ir";

/** Where a sample stands: a line of a JSONL file (1-based), or, without one, a whole file such as a picture of a folder. */
export interface SamplePlace {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

interface Details {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly offset?: number | undefined;
}

function failure(
  code: Diagnostic["code"],
  place: SamplePlace,
  { message, hint, cause, offset }: Details,
  kind: "user" | "tool" = "user",
): VxError {
  const where = { stage: "calibrate" as const, ...place, ...(offset !== undefined && { offset }) };
  return new VxError({ code, severity: "error", message, ...(hint !== undefined && { hint }), where }, { cause, kind });
}

/** How to go on without a sample. */
function withoutIt({ line }: SamplePlace): string {
  return line === undefined ? "take it out of the folder" : "remove the line";
}

/** A tensor of another element type than the input takes. */
export function calDType(place: SamplePlace, input: string, expected: string, actual: string): VxError {
  return failure("VX-CAL-DTYPE", place, {
    message: `input ${JSON.stringify(input)}: expected ${expected}, got ${actual}.`,
    hint: `Save the array as ${expected}, for example with numpy's astype.`,
  });
}

/** A data set without samples. */
export function calEmpty(place: SamplePlace): VxError {
  return failure("VX-CAL-EMPTY", place, {
    message: "the data set has no samples.",
    hint: 'Write one JSON object per line: {"image": "a.png"} or {"tensors": "sample.npz"}.',
  });
}

/** A folder without a single sample. */
export function calEmptyFolder(file: string, endings: readonly string[]): VxError {
  return failure(
    "VX-CAL-EMPTY",
    { file },
    {
      message: "the folder has no samples.",
      hint: `Looked in it and its sub-folders, not deeper, for names that end with ${endings.join(", ")} and begin with no dot.`,
    },
  );
}

/** A file that a sample names cannot be read. */
export function calFile(place: SamplePlace, path: string, reason: string, cause?: unknown): VxError {
  return failure("VX-CAL-FILE", place, {
    message: `cannot read ${JSON.stringify(path)}: ${reason}.`,
    hint:
      place.line === undefined
        ? "Leave the folder as it is during a run; what its links lead to must be files."
        : "Paths are relative to the JSONL file.",
    cause,
  });
}

/** A file that is no picture, or a damaged one. */
export function calImage(place: SamplePlace, path: string, reason: string, cause?: unknown): VxError {
  return failure("VX-CAL-IMAGE", place, {
    message: `cannot decode ${JSON.stringify(path)}: ${reason}.`,
    hint: `Save the picture again as PNG or JPEG, or ${withoutIt(place)}.`,
    cause,
  });
}

/** A picture that is no PNG, and no decoder for it. */
export function calImageDecoder(place: SamplePlace, path: string, cause: unknown): VxError {
  return failure(
    "VX-CAL-IMAGE-DECODER",
    place,
    {
      message: `${JSON.stringify(path)} is no PNG, and the optional package sharp, which decodes other formats, is not installed.`,
      hint: "Run `npm install sharp@0.35.5`, or convert the pictures to PNG.",
      cause,
    },
    "tool",
  );
}

/** It is not known how a picture becomes a tensor. */
export function calImageSettings(place: SamplePlace, message: string, hint?: string): VxError {
  return failure("VX-CAL-IMAGE-SETTINGS", place, {
    message,
    hint:
      hint ??
      "Add to the recipe: model: { image: { input: NAME, size: [H, W], mean: […], std: […] } }, or put preprocessor_config.json beside the model.",
  });
}

/** An input of the model that a sample does not give. */
export function calInput(place: SamplePlace, input: string, given: readonly string[]): VxError {
  return failure("VX-CAL-INPUT", place, {
    message: `the sample does not give input ${JSON.stringify(input)}; it gives ${given.length > 0 ? given.map((name) => JSON.stringify(name)).join(", ") : "nothing"}.`,
    hint: `Name the arrays of the .npz file like the inputs of the model${place.line === undefined ? "; a line of a JSONL file can name a picture and arrays together, a folder cannot" : ""}.`,
  });
}

/** A line that is not a sample. */
export function calJsonl(place: SamplePlace, message: string, cause?: unknown): VxError {
  return failure("VX-CAL-JSONL", place, {
    message,
    hint: 'A line is {"image": "a.png"} or {"tensors": "sample.npz"}, with "label" for evaluation.',
    cause,
  });
}

/** A label that is missing, of the wrong type, no class of the model, or the name of several. */
export function calLabel(place: SamplePlace, message: string, hint?: string): VxError {
  return failure("VX-CAL-LABEL", place, { message, hint });
}

/** A folder with samples at its top, which have no label, and in sub-folders, which are labels. */
export function calMixedFolder(folder: string, atTop: string, inSubFolder: string): VxError {
  return calSource(
    folder,
    `the folder has samples both at its top (${JSON.stringify(atTop)}) and in sub-folders (${JSON.stringify(inSubFolder)}).`,
    "Move them all into sub-folders, one for each class, or name the folder that has the ones that are meant.",
  );
}

/** A sample without a label, where accuracy is measured. */
export function calNoLabel(place: SamplePlace): VxError {
  if (place.line !== undefined) return calLabel(place, 'the line has no "label".', "Evaluation needs a label on every line.");
  return calLabel(
    place,
    "the file has no label, as it lies in no sub-folder.",
    "Put the files into sub-folders named like their classes, or write a JSONL file with a label on every line.",
  );
}

/** NaN or infinity in a sample. */
export function calNonFinite(place: SamplePlace, input: string, index: number, value: number): VxError {
  return failure("VX-CAL-NON-FINITE", place, {
    message: `input ${JSON.stringify(input)}: element ${index} is ${value}; samples must be finite.`,
    hint: `Correct how the sample is made, or ${withoutIt(place)}.`,
  });
}

/** One array without a name, where several with names are wanted. */
export function calNpy(place: SamplePlace, path: string): VxError {
  return failure("VX-CAL-FILE", place, {
    message: `${JSON.stringify(path)} is a .npy file, whose array has no name; "tensors" takes a .npz file.`,
    hint: "Save the array with numpy.savez under the name of the input, and name that .npz file.",
  });
}

/** A damaged or foreign .npz file. */
export function calNpz(code: Diagnostic["code"], place: SamplePlace, details: Details): VxError {
  return failure(code, place, {
    ...details,
    hint: details.hint ?? `Write the file again, for example with numpy.savez, or ${withoutIt(place)}.`,
  });
}

/** A preprocessor_config.json that asks for something else than resize, crop, rescale and normalize. */
export function calPreprocessor(path: string, message: string): VxError {
  return failure(
    "VX-CAL-PREPROCESSOR",
    { file: path },
    { message, hint: "State size, mean and the like under model.image in the recipe, which then wins over the file." },
  );
}

/** Random data for an input whose shape or type does not allow it. */
export function calRandom(input: string, message: string): VxError {
  return failure(
    "VX-CAL-RANDOM",
    { file: "random" },
    { message: `input ${JSON.stringify(input)}: ${message}.`, hint: "Set model.shapes in the recipe, or give real data." },
  );
}

const SIZE_HINT = "model.image.size in the recipe, or preprocessor_config.json, gives height and width.";

function batchHint({ line }: SamplePlace): string {
  return line === undefined
    ? "A folder gives one picture for each sample, a line of a JSONL file as many as the batch has"
    : "Name as many pictures on the line as the batch has";
}

/** A tensor of another shape than the input takes. */
export function calShape(
  place: SamplePlace,
  { input, isPicture }: { readonly input: string; readonly isPicture: boolean },
  expected: string,
  actual: string,
): VxError {
  return failure("VX-CAL-SHAPE", place, {
    message: `input ${JSON.stringify(input)}: expected shape ${expected}, got ${actual}.`,
    hint: isPicture ? `${batchHint(place)}; ${SIZE_HINT}` : "Save the array in that shape.",
  });
}

/** A data source that is neither a JSONL file nor a folder of samples. */
export function calSource(path: string, message: string, hint?: string, cause?: unknown): VxError {
  return failure("VX-CAL-SOURCE", { file: path }, { message, hint, cause });
}

/** An input that both a picture and an array of the same line give. */
export function calTwice(place: SamplePlace, input: string): VxError {
  return failure("VX-CAL-INPUT", place, {
    message: `input ${JSON.stringify(input)} is given twice, by "image" and by "tensors".`,
    hint: "Leave out one of them: the picture, or the array of that name.",
  });
}
