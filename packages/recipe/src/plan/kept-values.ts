import type { Diagnostic, Value } from "@vlm-export/ir";
import { quantAlreadyQuantized, quantMask, quantPosition } from "../errors.js";
import type { KeptValue } from "../plan-types.js";
import { isDequantize } from "./already-quantized.js";
import type { Exemptions } from "./exemptions.js";

/** Exempt values that the rules ask something of, and all that the source model has in integers. */
export function keptValues({ values }: Exemptions, refused: ReadonlySet<Value>): readonly KeptValue[] {
  return [...values].flatMap(([value, reason]) =>
    refused.has(value) || (value.producer && isDequantize(value.producer)) ? [{ value, reason }] : [],
  );
}

/** One finding per reason. */
export function reportKept(kept: readonly KeptValue[], report: (finding: Diagnostic) => void): void {
  const named = (reason: KeptValue["reason"]): readonly string[] =>
    kept.filter((entry) => entry.reason === reason).map(({ value }) => value.name);
  const [quantized, masked, positions] = [named("already quantized"), named("mask"), named("position")];
  if (quantized.length > 0) report(quantAlreadyQuantized(quantized));
  if (masked.length > 0) report(quantMask(masked));
  if (positions.length > 0) report(quantPosition(positions));
}
