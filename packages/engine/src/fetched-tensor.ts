import type { DType, TensorData } from "@vlm-export/ir";

/** A result of a run. Its bytes fill `buffer`, which may be transferred to another thread and given back to the session later. */
export interface FetchedTensor extends TensorData {
  readonly buffer: ArrayBuffer;
}

export function fetchedTensor(dtype: DType, shape: readonly number[], buffer: ArrayBuffer): FetchedTensor {
  const { byteLength } = buffer;
  const whole = new Uint8Array(buffer);
  return { dtype, shape, byteLength, buffer, bytes: (begin = 0, end = byteLength) => whole.subarray(begin, end) };
}

/** A string result in the form of TensorData: per element a u32 little-endian byte length, then UTF-8. */
export function fetchedStrings(shape: readonly number[], strings: readonly string[]): FetchedTensor {
  const encoded = strings.map((text) => new TextEncoder().encode(text));
  const buffer = new ArrayBuffer(encoded.reduce((sum, bytes) => sum + 4 + bytes.byteLength, 0));
  const [view, target] = [new DataView(buffer), new Uint8Array(buffer)];
  let at = 0;
  for (const bytes of encoded) {
    view.setUint32(at, bytes.byteLength, true);
    target.set(bytes, at + 4);
    at += 4 + bytes.byteLength;
  }
  return fetchedTensor("string", shape, buffer);
}
