import { type TensorData, type TensorType, windowsOf } from "@vlm-export/ir";
import { calDType, calNonFinite, calShape, type SamplePlace } from "./errors.js";
import { fitsShape, type ModelInput, shapeText } from "./model-input.js";

/** Throws VX-CAL-DTYPE, VX-CAL-SHAPE or VX-CAL-NON-FINITE when a tensor is not what the input takes. */
export function checkTensor(tensor: TensorData, { name, type }: ModelInput, place: SamplePlace, symbols: Map<string, number>): void {
  if (type.dtype !== "unknown" && tensor.dtype !== type.dtype) throw calDType(place, name, type.dtype, tensor.dtype);
  const before = new Map(symbols);
  if (!fitsShape(type.shape, tensor.shape, symbols)) throw calShape(place, name, expectedText(type, before), shapeText(tensor.shape));
  checkFinite(tensor, name, place);
}

function expectedText({ shape }: TensorType, symbols: ReadonlyMap<string, number>): string {
  const known = (shape ?? []).filter((extent) => typeof extent === "string" && symbols.has(extent));
  const note = known.length > 0 ? ` with ${known.map((extent) => `${extent} = ${symbols.get(String(extent))}`).join(", ")}` : "";
  return `${shapeText(shape)}${note}`;
}

function checkFinite(tensor: TensorData, name: string, place: SamplePlace): void {
  if (tensor.dtype !== "f32" && tensor.dtype !== "f64" && tensor.dtype !== "f16") return;
  let base = 0;
  for (const window of windowsOf(tensor)) {
    const { index, value, count } = firstNonFinite(window, tensor.dtype);
    if (index >= 0) throw calNonFinite(place, name, base + index, value);
    base += count;
  }
}

function firstNonFinite(
  bytes: Uint8Array,
  dtype: "f16" | "f32" | "f64",
): { readonly index: number; readonly value: number; readonly count: number } {
  const size = dtype === "f64" ? 8 : dtype === "f32" ? 4 : 2;
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const count = aligned.byteLength / size;
  if (dtype === "f16") {
    // All exponent bits set: infinity or NaN.
    const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, count);
    const index = halves.findIndex((half) => (half & 0x7c00) === 0x7c00);
    const half = index < 0 ? 0 : (halves[index] as number);
    return { index, value: (half & 0x3ff) === 0 ? (half & 0x8000 ? -Infinity : Infinity) : Number.NaN, count };
  }
  const values =
    dtype === "f32"
      ? new Float32Array(aligned.buffer, aligned.byteOffset, count)
      : new Float64Array(aligned.buffer, aligned.byteOffset, count);
  for (let i = 0; i < count; i += 1) if (!Number.isFinite(values[i])) return { index: i, value: values[i] as number, count };
  return { index: -1, value: 0, count };
}
