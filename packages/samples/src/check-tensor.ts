import { f16ToNumber } from "@vlm-export/numerics";
import { type TensorData, type TensorType, windowsOf } from "@vlm-export/ir";
import { calDType, calNonFinite, calShape, type SamplePlace } from "./errors.js";
import { fitsShape, type ModelInput, shapeText } from "./model-input.js";

/** Throws VX-CAL-DTYPE, VX-CAL-SHAPE or VX-CAL-NON-FINITE when a tensor is not what the input takes. */
export function checkTensor(
  tensor: TensorData,
  { name, type, isMask = false }: ModelInput,
  place: SamplePlace,
  { symbols, isPicture }: { readonly symbols: Map<string, number>; readonly isPicture: boolean },
): void {
  if (type.dtype !== "unknown" && tensor.dtype !== type.dtype) throw calDType(place, name, type.dtype, tensor.dtype);
  const before = new Map(symbols);
  if (!fitsShape(type.shape, tensor.shape, symbols))
    throw calShape(place, { input: name, isPicture }, expectedText(type, before), shapeText(tensor.shape));
  checkFinite(tensor, { name, isMask }, place);
}

function expectedText({ shape }: TensorType, symbols: ReadonlyMap<string, number>): string {
  const known = (shape ?? []).filter((extent) => typeof extent === "string" && symbols.has(extent));
  const note = known.length > 0 ? ` with ${known.map((extent) => `${extent} = ${symbols.get(String(extent))}`).join(", ")}` : "";
  return `${shapeText(shape)}${note}`;
}

function checkFinite(tensor: TensorData, { name, isMask }: Required<Pick<ModelInput, "name" | "isMask">>, place: SamplePlace): void {
  if (tensor.dtype !== "f32" && tensor.dtype !== "f64" && tensor.dtype !== "f16") return;
  let base = 0;
  for (const window of windowsOf(tensor)) {
    const values = numbersIn(window, tensor.dtype);
    const index = firstNonFinite(values, isMask);
    if (index >= 0) throw calNonFinite(place, name, base + index, values[index] as number);
    base += values.length;
  }
}

/** Index of the first NaN or infinity, −∞ of a mask aside; −1 when there is none. */
function firstNonFinite(values: Float32Array | Float64Array, isMask: boolean): number {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (!Number.isFinite(value) && !(isMask && value === Number.NEGATIVE_INFINITY)) return i;
  }
  return -1;
}

function numbersIn(bytes: Uint8Array, dtype: "f16" | "f32" | "f64"): Float32Array | Float64Array {
  const size = dtype === "f64" ? 8 : dtype === "f32" ? 4 : 2;
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  if (dtype === "f64") return new Float64Array(buffer, byteOffset, byteLength / size);
  if (dtype === "f32") return new Float32Array(buffer, byteOffset, byteLength / size);
  return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / size), f16ToNumber);
}
