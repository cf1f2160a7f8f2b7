import type { DType, TensorType } from "@vlm-export/ir";

/** An input of the model: what a sample must give. */
export interface ModelInput {
  readonly name: string;
  readonly type: TensorType;
  /** True where −∞ is an element like others; see `maskInputs`. */
  readonly isMask?: boolean;
}

/** `f32[1, 3, height, width]`. */
export function typeText({ dtype, shape }: TensorType): string {
  return `${dtype}${shapeText(shape)}`;
}

export function shapeText(shape: TensorType["shape"]): string {
  return shape ? `[${shape.join(", ")}]` : "of any shape";
}

/** True when rank and every numeric extent agree, and symbols that occur again have the same extent in `symbols`, which is filled. */
export function fitsShape(expected: TensorType["shape"], actual: readonly number[], symbols: Map<string, number>): boolean {
  if (!expected) return true;
  if (expected.length !== actual.length) return false;
  return expected.every((extent, i) => {
    const given = actual[i] as number;
    if (typeof extent === "number") return extent === given;
    const known = symbols.get(extent);
    if (known === undefined) symbols.set(extent, given);
    return known === undefined || known === given;
  });
}

/** Element types that a picture can become. */
export const IMAGE_DTYPES: readonly DType[] = ["f32", "f16", "u8", "i8"];
