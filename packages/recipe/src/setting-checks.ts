import type { Diagnostic } from "@vlm-export/ir";
import type { Activations, Algorithm, Weights } from "@vlm-export/schemas";
import { type Place, quantCombination, recipeNotExecuted } from "./errors.js";
import { ACTIVATION_WORDS, isUnsigned, WEIGHT_WORDS } from "./words.js";

/** Takes what is wrong at a key of the mapping under examination. */
export type Report = (diagnostic: (place: Place) => Diagnostic, key: string) => void;

/** One thing that can be wrong with a mapping of the recipe. */
interface Check<T> {
  readonly key: keyof T & string;
  isWrong(settings: T): boolean;
  finding(place: Place, settings: T): Diagnostic;
}

/** `weights:` with granularity filled in. */
export type StatedWeights = Weights & Required<Pick<Weights, "granularity">>;
/** `activations:` with mode and symmetric filled in. */
export type StatedActivations = Activations & Required<Pick<Activations, "mode" | "symmetric">>;

export function checkWeights(weights: StatedWeights, report: Report): void {
  runChecks(WEIGHT_CHECKS, weights, report);
}

export function checkActivations(activations: StatedActivations, report: Report): void {
  runChecks(ACTIVATION_CHECKS, activations, report);
}

function runChecks<T>(checks: readonly Check<T>[], settings: T, report: Report): void {
  for (const check of checks) if (check.isWrong(settings)) report((place) => check.finding(place, settings), check.key);
}

function useOneOf(words: readonly string[], dtype: string): string {
  const half = dtype === "float16" ? "For float16, write keep: float16 in the rule and neither weights nor activations. " : "";
  return `${half}Use one of ${words.join(", ")}.`;
}

function algorithmOf({ algorithm }: Weights): Algorithm | undefined {
  return typeof algorithm === "string" ? { name: algorithm } : algorithm;
}

const WEIGHT_CHECKS: readonly Check<StatedWeights>[] = [
  {
    key: "dtype",
    isWrong: ({ dtype }) => !WEIGHT_WORDS.includes(dtype),
    finding: (place, { dtype }) => recipeNotExecuted(place, `storing weights as ${dtype}`, useOneOf(WEIGHT_WORDS, dtype)),
  },
  {
    key: "algorithm",
    isWrong: (weights) => (algorithmOf(weights)?.name ?? "rtn") !== "rtn",
    finding: (place, weights) =>
      recipeNotExecuted(place, `algorithm ${algorithmOf(weights)?.name}`, "Use algorithm: rtn, or leave it out."),
  },
  {
    key: "algorithm",
    isWrong: (weights) => algorithmOf(weights)?.name === "rtn" && Object.keys(algorithmOf(weights) ?? {}).length > 1,
    finding: (place) => recipeNotExecuted(place, "an option of algorithm rtn"),
  },
  {
    key: "scaleLattice",
    isWrong: ({ scaleLattice }) => scaleLattice !== undefined && scaleLattice !== "free",
    finding: (place, { scaleLattice }) => recipeNotExecuted(place, `scaleLattice ${scaleLattice}`),
  },
  {
    key: "granularity",
    isWrong: ({ granularity }) => granularity === "token",
    finding: (place) => quantCombination(place, "weights have no granularity token.", "Use tensor, channel or block."),
  },
  {
    key: "blockSize",
    isWrong: ({ blockSize, granularity }) => blockSize !== undefined && granularity !== "block",
    finding: (place, { granularity }) =>
      quantCombination(place, `blockSize needs granularity block, not ${granularity}.`, "Remove one of them."),
  },
  {
    key: "unfit",
    isWrong: ({ unfit, granularity }) => unfit !== undefined && granularity !== "block",
    finding: (place, { granularity }) =>
      quantCombination(place, `unfit is for blocks, and the granularity is ${granularity}.`, "Remove it, or write granularity: block."),
  },
  {
    key: "symmetric",
    isWrong: ({ symmetric, dtype }) => symmetric === true && isUnsigned(dtype),
    finding: (place, { dtype }) =>
      quantCombination(place, `${dtype} weights cannot be symmetric.`, `Use ${dtype.slice(1)}, or symmetric: false.`),
  },
  {
    key: "range",
    isWrong: ({ range, symmetric, dtype }) => range === "narrow" && (symmetric === false || isUnsigned(dtype)),
    finding: (place) => quantCombination(place, "a narrow range is for symmetric weights.", "Use range: full."),
  },
];

/** What says how a range comes from calibration, which dynamic activations do not have. */
function needsStatic(
  key: Check<StatedActivations>["key"],
  isStated: (activations: StatedActivations) => boolean,
): Check<StatedActivations> {
  return {
    key,
    isWrong: (activations) => activations.mode === "dynamic" && isStated(activations),
    finding: (place) => quantCombination(place, `${key} needs mode static.`, `Remove ${key} or use mode: static.`),
  };
}

const ACTIVATION_CHECKS: readonly Check<StatedActivations>[] = [
  {
    key: "dtype",
    isWrong: ({ dtype }) => !ACTIVATION_WORDS.includes(dtype),
    finding: (place, { dtype }) => recipeNotExecuted(place, `storing activations as ${dtype}`, useOneOf(ACTIVATION_WORDS, dtype)),
  },
  {
    key: "granularity",
    isWrong: ({ granularity }) => granularity === "channel" || granularity === "block",
    finding: (place, { granularity }) =>
      quantCombination(place, `activations have no granularity ${granularity}.`, "Use tensor, or token with mode: dynamic."),
  },
  {
    key: "granularity",
    isWrong: ({ granularity, mode }) => granularity === "token" && mode !== "dynamic",
    finding: (place) => quantCombination(place, "granularity token needs mode dynamic.", "Write mode: dynamic."),
  },
  {
    key: "mode",
    isWrong: ({ mode, dtype }) => mode === "dynamic" && dtype !== "int8" && dtype !== "uint8",
    finding: (place, { dtype }) => quantCombination(place, `dynamic activations are int8 or uint8, not ${dtype}.`, "Use mode: static."),
  },
  ...(["outputs", "fixedRanges"] as const).map((key) => needsStatic(key, (stated) => stated[key] === true)),
  ...(["method", "percentile", "movingAverage"] as const).map((key) => needsStatic(key, (stated) => stated[key] !== undefined)),
  {
    key: "symmetric",
    isWrong: ({ symmetric, dtype }) => symmetric && isUnsigned(dtype),
    finding: (place, { dtype }) => quantCombination(place, `${dtype} activations cannot be symmetric.`, `Use ${dtype.slice(1)}.`),
  },
  {
    key: "symmetric",
    isWrong: ({ mode, symmetric, dtype }) => mode === "dynamic" && dtype === "int8" && !symmetric,
    finding: (place) => quantCombination(place, "dynamic int8 activations are symmetric.", "Use uint8, or symmetric: true."),
  },
  {
    key: "range",
    isWrong: ({ symmetric, range }) => !symmetric && range === "narrow",
    finding: (place) => quantCombination(place, "a narrow range is for symmetric activations.", "Use range: full."),
  },
];
