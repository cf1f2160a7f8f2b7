import { type TensorData, windowOf, windowsOf } from "@vlm-export/ir";

/** What differs between the bytes of two tensors, in words that begin with `what`; undefined when nothing does. */
export type CompareBytes = (what: string, expected: TensorData, found: TensorData) => string | undefined;

const WINDOW_BYTES = 1 << 20;

/** Compares in two windows that all calls share. Whole windows are compared; single bytes only to say where a difference begins. */
export function byteComparer(): CompareBytes {
  const [left, right] = [new Uint8Array(WINDOW_BYTES), new Uint8Array(WINDOW_BYTES)];
  return (what, expected, found) => {
    if (expected.byteLength !== found.byteLength) return `has ${found.byteLength} bytes of ${what}, the graph ${expected.byteLength}`;
    let begin = 0;
    for (const wanted of windowsOf(expected, left)) {
      const got = windowOf(found, { begin, end: begin + wanted.byteLength }, right);
      if (Buffer.compare(wanted, got) !== 0)
        return `differs from byte ${begin + wanted.findIndex((byte, i) => byte !== got[i])} of its ${what} on`;
      begin += wanted.byteLength;
    }
    return undefined;
  };
}
