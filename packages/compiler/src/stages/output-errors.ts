import type { Tensors } from "@vlm-export/backend-api";
import type { Kernels } from "@vlm-export/numerics";
import type { LayerReport } from "@vlm-export/schemas";
import { NumericComparison, type NumericError } from "@vlm-export/verify";

/** The worst of all outputs, as a report says it. */
export type WorstError = Omit<LayerReport, "value" | "component" | "node" | "op" | "role">;

/** Errors of a model's outputs against the float model's, over all samples. */
export class OutputErrors {
  readonly #comparisons = new Map<string, NumericComparison>();
  readonly #kernels: Kernels;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** Adds one sample; an output that is not found counts as wrong everywhere. */
  add(expected: Tensors, found: Tensors): void {
    for (const [name, tensor] of expected) {
      const comparison = this.#comparisons.get(name) ?? new NumericComparison(this.#kernels);
      this.#comparisons.set(name, comparison);
      const counterpart = found.get(name);
      if (counterpart) comparison.add(tensor, counterpart);
      else comparison.addMissing(tensor);
    }
  }

  result(): ReadonlyMap<string, NumericError> {
    return new Map([...this.#comparisons].map(([name, comparison]) => [name, comparison.result()]));
  }
}

/** Least cosine and SQNR, and greatest error; undefined without outputs. */
export function worstOf(outputs: ReadonlyMap<string, NumericError>): WorstError | undefined {
  if (outputs.size === 0) return undefined;
  const errors = [...outputs.values()];
  return {
    cosine: Math.min(...errors.map(({ cosine }) => cosine)),
    sqnrDb: decibelsOf(Math.min(...errors.map(({ sqnrDb }) => sqnrDb))),
    maxAbsError: Math.max(...errors.map(({ maxAbsError }) => maxAbsError)),
  };
}

/** The report's form of a measured error. */
export function layerOf(value: string, { cosine, sqnrDb, maxAbsError }: NumericError): LayerReport {
  return { value, cosine, sqnrDb: decibelsOf(sqnrDb), maxAbsError };
}

/** JSON has no Infinity: an exact result has SQNR null. */
function decibelsOf(sqnrDb: number): number | null {
  return Number.isFinite(sqnrDb) ? sqnrDb : null;
}
