import type { TfliteQuantization } from "@vlm-export/formats/tflite";
import { type Reencoding, scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import type { QuantSpec, Value } from "@vlm-export/ir";
import { type Layout, storedAxis } from "../layout.js";
import { integerFormOf } from "./constant-bytes.js";

/** The axis with one scale per index; undefined = one scale for all, or blocks. */
export function channelAxis({ granularity, scale }: QuantSpec): number | undefined {
  if (granularity !== "channel" || !scale) return undefined;
  const axis = scale.shape.findIndex((extent) => extent > 1);
  return axis < 0 ? undefined : axis;
}

/** True when int8 kernels can take the value as an activation: static, one scale, 8-bit. */
export function isIntegerActivation(value: Value | null | undefined): value is Value {
  const quant = value?.type.quant;
  if (!quant?.scale || (quant.storage !== "i8" && quant.storage !== "u8")) return false;
  return quant.granularity !== "block" && channelAxis(quant) === undefined;
}

/** True when the value is a constant of 8- or 4-bit integers with one scale, or one per channel. */
export function isIntegerWeight(value: Value | null | undefined): value is Value {
  const quant = value?.type.quant;
  return Boolean(value?.data && quant?.scale && quant.granularity !== "block" && quant.storage !== "i32" && integerFormOf(quant.storage));
}

/** Scales and zero points of a value as its tensor carries them, stored in `layout`; zero points follow the sign shift. */
export function quantizationOf(spec: QuantSpec, layout: Layout): TfliteQuantization {
  const scale = [...scaleValues(spec)];
  const shift = integerFormOf(spec.storage)?.shift ?? 0;
  const zeroPoints = zeroPointValues(spec);
  const axis = channelAxis(spec);
  return {
    scale,
    zeroPoint: scale.map((_, i) => (zeroPoints[i] ?? 0) + shift),
    quantizedDimension: axis === undefined ? 0 : storedAxis(layout, axis),
    min: [],
    max: [],
  };
}

/** True when both stand for the same numbers. */
export function sameQuantization(a: TfliteQuantization | undefined, b: TfliteQuantization | undefined): boolean {
  return a !== undefined && b !== undefined && String(a.scale) === String(b.scale) && String(a.zeroPoint) === String(b.zeroPoint);
}

/** The exact re-encodings that a value of that type has undergone; `moved` = its elements lie in another order than in the graph. */
export function reencodingsOf({ storage, scale }: QuantSpec, moved: boolean): readonly Reencoding[] {
  const subByte = storage === "i4" || storage === "u4";
  const kinds: readonly (readonly [Reencoding, boolean])[] = [
    ["sign-shift", integerFormOf(storage)?.shift !== 0],
    ["transpose", moved],
    ["repack", moved && subByte],
    ["widen-scale", scale?.dtype !== "f32"],
  ];
  return kinds.flatMap(([kind, holds]) => (holds ? [kind] : []));
}
