import { padBegins, type Windows } from "./conv-shape.js";
import { stridedIndices } from "./take.js";

/** Spatial extents of one sliding-window op on static shapes. */
export interface Walk {
  readonly windows: Windows;
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** One kernel position of one window: its flat index in the kernel, and the flat spatial index of the input, −1 in the padding. */
export interface Tap {
  readonly kernel: number;
  readonly input: number;
}

/** For every output position in row-major order: the taps of its window. Taps beyond the end padding (ceil mode) are left out. */
export function* tapsOf({ windows, input, output }: Walk): Generator<readonly Tap[]> {
  const kernel = windows.axes.map((axis) => axis.kernel);
  const begins = padBegins(windows, input, output);
  const rows = positions(kernel);
  const padded = windows.axes.map((axis, i) => (input[i] as number) + (axis.pads ? axis.pads[1] : Number.POSITIVE_INFINITY));
  for (const out of positions(output)) {
    const taps: Tap[] = [];
    rows.forEach((offset, k) => {
      const at = windows.axes.map(
        (axis, i) => (out[i] as number) * axis.stride - (begins[i] as number) + (offset[i] as number) * axis.dilation,
      );
      if (at.some((position, i) => position >= (padded[i] as number))) return;
      taps.push({ kernel: k, input: flatIndex(at, input) });
    });
    yield taps;
  }
}

/** All positions of a row-major shape. */
export function positions(shape: readonly number[]): readonly (readonly number[])[] {
  const axes = shape.map((_, i) =>
    stridedIndices(
      shape,
      shape.map((__, j) => (i === j ? 1 : 0)),
    ),
  );
  const count = axes[0]?.length ?? 1;
  return Array.from({ length: count }, (_, k) => axes.map((axis) => axis[k] as number));
}

/** Row-major flat index, −1 outside the shape. */
export function flatIndex(position: readonly number[], shape: readonly number[]): number {
  let index = 0;
  for (let i = 0; i < shape.length; i += 1) {
    const [at, extent] = [position[i] as number, shape[i] as number];
    if (at < 0 || at >= extent) return -1;
    index = index * extent + at;
  }
  return index;
}
