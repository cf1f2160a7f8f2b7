import type { Diagnostic } from "@vlm-export/ir";
import type { DecidedBy } from "./plan-types.js";

/** A place in a recipe; line and column are 1-based. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Where a decision stands, without the number of its rule. */
export function placeOf({ file, line, column }: DecidedBy): Place {
  return { file, line, column };
}

function finding(code: Diagnostic["code"], place: Place, message: string, hint: string): Diagnostic {
  return { code, severity: "error", message, hint, where: { stage: "plan", ...place } };
}

function warning(code: Diagnostic["code"], place: Place, message: string, hint: string): Diagnostic {
  return { ...finding(code, place, message, hint), severity: "warning" };
}

/** Values that the source model has in integers. */
export function quantAlreadyQuantized(values: readonly string[]): Diagnostic {
  const message = `${listOf(values)} quantized already, by the model's own QuantizeLinear and DequantizeLinear: they stay as they are.`;
  return {
    code: "VX-QUANT-ALREADY-QUANTIZED",
    severity: "warning",
    message,
    hint: "To quantize all of it by this recipe, start from the float model.",
    where: { stage: "plan" },
  };
}

/** A blockSize that does not divide the extent it cuts. */
export function quantBlockSize(place: Place, value: string, blockSize: number, extent: number): Diagnostic {
  const fitting = [16, 32, 64, 128, 256].filter((size) => size <= extent && extent % size === 0);
  const hint =
    fitting.length > 0
      ? `Use ${fitting.join(", ")}, or granularity: channel, or unfit: int8 to take int8 per channel for such weights.`
      : "Use granularity: channel, or unfit: int8 to take int8 per channel for such weights.";
  const diagnostic = finding("VX-QUANT-BLOCK-SIZE", place, `blockSize ${blockSize} does not divide K = ${extent}.`, hint);
  return { ...diagnostic, where: { ...diagnostic.where, value } };
}

/** Settings of one rule that no kernel or target can take together. */
export function quantCombination(place: Place, message: string, hint: string): Diagnostic {
  return finding("VX-QUANT-COMBINATION", place, message, hint);
}

/** Weights that the model holds in a form that no rule reaches. */
export function quantLittle(
  share: number,
  holders: readonly string[],
  ways: { readonly dtype: boolean; readonly form: boolean },
): Diagnostic {
  const hints = [
    ...(ways.dtype ? ["Export the model in float32."] : []),
    ...(ways.form
      ? [
          "Export the model so that these weights are constant operands of MatMul, Gemm or Conv of a graph without fused operators of other domains or normalized weights that are not folded.",
        ]
      : []),
  ];
  return {
    code: "VX-QUANT-LITTLE",
    severity: "warning",
    message: `only ${(100 * share).toFixed(share < 0.1 ? 1 : 0)} % of the weights become integers; no rule reaches the rest, and it stays float: ${holders.join("; ")}.`,
    hint: hints.join(" "),
    where: { stage: "plan" },
  };
}

/** Nodes inside operators whose activations rules would make integers. */
export function quantNestedFloat(nodes: number, holders: readonly string[]): Diagnostic {
  return {
    code: "VX-QUANT-NESTED-FLOAT",
    severity: "warning",
    message: `the activations of ${nodes} nodes inside ${holders.join(", ")} stay floats: ranges are only observed in the main graph. Their weights become integers as the rules say.`,
    hint: "Export the model without If or Loop around these nodes where its activations are to be integers.",
    where: { stage: "plan" },
  };
}

/** Nodes inside operators that compute in float16, of one rule. */
export function quantNestedHalf(place: Place, nodes: number, holders: readonly string[]): Diagnostic {
  const message = `${nodes} nodes inside ${holders.join(", ")} compute in float16: whether their values fit is only observed in the main graph, and beyond 65504 they become infinite.`;
  return { ...warning("VX-QUANT-NESTED-HALF", place, message, "Write keep: float where they may."), severity: "info" };
}

/** Values that hold a mask beside their numbers. */
export function quantMask(values: readonly string[]): Diagnostic {
  const message = `${listOf(values)} masked (-inf, or a constant that makes a Softmax 0): they stay float, as integers would hold the mask and nothing else.`;
  return { code: "VX-QUANT-MASK", severity: "info", message, where: { stage: "plan" } };
}

/** Values that say where something is. */
export function quantPosition(values: readonly string[]): Diagnostic {
  const message = `${listOf(values)} computed from positions, for angles or indices: they stay float, as 256 steps would make neighbours the same place.`;
  return { code: "VX-QUANT-POSITION", severity: "info", message, where: { stage: "plan" } };
}

/** `"a", "b", "c" and 4 more values are`. */
function listOf(values: readonly string[]): string {
  const named = values.slice(0, 3).map((name) => JSON.stringify(name));
  const rest = values.length - named.length;
  return rest > 0 ? `${named.join(", ")} and ${rest} more values are` : `${named.join(", ")} ${values.length > 1 ? "are" : "is"}`;
}

/** Weights that got another form than their rule asked for, as the rule's `unfit` allows. */
export function quantUnfit(place: Place, weights: readonly string[], blockSize: number, extent: number): Diagnostic {
  const [first, ...rest] = weights;
  const more = rest.length > 0 ? ` and ${rest.length} more weights` : "";
  const message = `blockSize ${blockSize} does not divide K = ${extent}: ${JSON.stringify(first)}${more} become int8 per channel instead.`;
  const hint = "Set unfit: refuse to stop there instead.";
  return { ...warning("VX-QUANT-UNFIT", place, message, hint), severity: "info" };
}

/** More aliases than a recipe needs, an alias without anchor, or one inside itself. */
export function recipeAlias(place: Place, message: string, hint = "Write the value out instead of the alias."): Diagnostic {
  return finding("VX-RECIPE-ALIAS", place, message, hint);
}

/** Another spelling of a known word. */
export function recipeAliasWord(place: Place, word: string, known: string): Diagnostic {
  return warning("VX-RECIPE-ALIAS-WORD", place, `${JSON.stringify(word)} is read as ${JSON.stringify(known)}.`, `Write ${known}.`);
}

/** Recipes that extend each other in a circle. */
export function recipeCycle(place: Place, chain: readonly string[]): Diagnostic {
  return finding("VX-RECIPE-CYCLE", place, `extends forms a circle: ${chain.join(" → ")}.`, "Remove one of these extends.");
}

/** Deeper nesting than a recipe needs. */
export function recipeDepth(place: Place, limit: number): Diagnostic {
  return finding("VX-RECIPE-DEPTH", place, `nesting is deeper than ${limit} levels.`, "A recipe needs about 6 levels.");
}

/** A mapping key that occurs twice. */
export function recipeDuplicateKey(place: Place, key: string): Diagnostic {
  return finding("VX-RECIPE-DUPLICATE-KEY", place, `key ${JSON.stringify(key)} occurs twice in one mapping.`, "Keep one of them.");
}

/** A file without content. */
export function recipeEmpty(place: Place): Diagnostic {
  return finding("VX-RECIPE-EMPTY", place, "the recipe is empty.", "Begin with `version: 1`, or run `vlm-export recipe init MODEL`.");
}

/** Bytes that are not UTF-8 text. */
export function recipeEncoding(place: Place, message: string): Diagnostic {
  return finding("VX-RECIPE-ENCODING", place, message, "Save the recipe as UTF-8.");
}

/** A base recipe that cannot be loaded. */
export function recipeExtends(place: Place, message: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-EXTENDS", place, message, hint);
}

/** A recipe file that cannot be read. */
export function recipeFile(place: Place, path: string, reason: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-FILE", place, `cannot read recipe ${JSON.stringify(path)}: ${reason}.`, hint);
}

/** An integer that JavaScript cannot hold exactly. */
export function recipeInteger(place: Place, text: string): Diagnostic {
  return finding(
    "VX-RECIPE-INTEGER",
    place,
    `integer ${text} is outside ±9007199254740991.`,
    "Write a smaller number, or put it in quotes when it is text.",
  );
}

/** An unknown key. */
export function recipeKey(place: Place, message: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-KEY", place, message, hint);
}

/** Calibration is needed and no data is named. */
export function recipeNoData(place: Place, reason: string): Diagnostic {
  return finding(
    "VX-RECIPE-NO-DATA",
    place,
    `calibration data is needed for ${reason}, and the recipe names none.`,
    "Set calibration.data to a folder or a JSONL file of samples, or pass it by --calibration; preset:weights-int8 needs no data.",
  );
}

/** A valid word that this version does not execute. */
export function recipeNotExecuted(place: Place, what: string, hint?: string): Diagnostic {
  return finding("VX-RECIPE-NOT-EXECUTED", place, `${what} is not executed by this version.`, hint ?? "Remove it from the recipe.");
}

/** A rule that matches no node. */
export function recipeNoMatch(place: Place, rule: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-NO-MATCH", place, `the rule ${rule} matches nothing in this model.`, hint);
}

/** A rule that matches nodes and changes none of them. */
export function recipeNoEffect(
  place: Place,
  message: string,
  hint = "Remove it, or see in `vlm-export plan` which rule decides instead.",
): Diagnostic {
  return warning("VX-RECIPE-NO-EFFECT", place, message, hint);
}

/** A role pattern or regular expression that cannot be read. */
export function recipePattern(place: Place, message: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-PATTERN", place, message, hint);
}

/** A name under `model.shapes` that the model does not have, or a value of the other form. */
export function recipeShapeName(place: Place, message: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-SHAPE", place, message, hint);
}

/** More text than a recipe needs. */
export function recipeSize(place: Place, message: string): Diagnostic {
  return finding(
    "VX-RECIPE-SIZE",
    place,
    message,
    "A recipe holds rules only; name data files in it, and move rules to a recipe that it extends.",
  );
}

/** A tab, or a space of another kind, where YAML wants spaces. */
export function recipeTab(place: Place, what: string): Diagnostic {
  const hint = `Replace each ${what} by spaces.`;
  return finding("VX-RECIPE-TAB", place, `a ${what} is used for indentation; YAML allows only spaces there.`, hint);
}

/** An explicit YAML tag or directive. */
export function recipeTag(place: Place, text: string): Diagnostic {
  return finding("VX-RECIPE-TAG", place, `${text} is not used in recipes.`, "Remove it; types follow from the schema.");
}

/** A value of the wrong type, outside its range or not among the allowed words. */
export function recipeValue(place: Place, message: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-VALUE", place, message, hint);
}

/** Text that is not YAML. */
export function recipeYaml(place: Place, message: string, hint: string): Diagnostic {
  return finding("VX-RECIPE-YAML", place, `not valid YAML: ${message}`, hint);
}
