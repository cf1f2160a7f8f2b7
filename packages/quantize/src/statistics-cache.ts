import { createHash, type Hash } from "node:crypto";
import { type Graph, printGraph, type TensorData, windowsOf } from "@vlm-export/ir";
import type { Store } from "@vlm-export/store";
import type { CalibrationSample } from "./calibrate.js";
import { precisionOf } from "./equalize/precision.js";
import { HISTOGRAM_BINS, type Histogram } from "./histogram.js";
import type { Need } from "./needs.js";
import { AXIS_PARTS, type AxisPart, type Statistics, type ValueStatistics } from "./statistics.js";

/** Changes when the meaning of stored statistics does. */
const VERSION = 5;
const INLINE_BYTES = 64;

/**
 * Names a float graph, the values of it that are looked at and the samples that it saw by content, whatever their files are called. Engines
 * fuse operators only around values that nobody looks at: with others, numbers differ in their last bits.
 */
export class StatisticsKey {
  readonly #hash: Hash;

  constructor(graph: Graph, needs: readonly Need[]) {
    const looked = needs.map(({ value, norm }) => JSON.stringify([value.name, norm ? precisionOf(norm) : ""])).sort();
    this.#hash = createHash("sha256").update(printGraph(graph, { inlineLimitBytes: INLINE_BYTES }));
    this.#hash.update(JSON.stringify(looked));
  }

  /** The next sample. */
  add({ tensors }: CalibrationSample): void {
    const names = [...tensors.keys()].sort();
    this.#hash.update(JSON.stringify(names.map((name) => [name, tensors.get(name)?.dtype, tensors.get(name)?.shape])));
    for (const name of names) for (const window of windowsOf(tensors.get(name) as TensorData)) this.#hash.update(window);
  }

  /** The key of the samples so far. */
  text(): string {
    return `statistics ${VERSION} ${this.#hash.copy().digest("hex")}`;
  }
}

/** Statistics saved under the key; undefined when there are none, or they do not decode. */
export async function loadStatistics(store: Store, key: string): Promise<Statistics | undefined> {
  const bytes = await store.load(key);
  return bytes && decodeStatistics(bytes);
}

export async function saveStatistics(store: Store, key: string, statistics: Statistics): Promise<void> {
  await store.save(key, encodeStatistics(statistics));
}

interface AxisHeader {
  readonly part: AxisPart;
  readonly axis: number;
  readonly length: number;
}
interface ValueHeader {
  readonly name: string;
  readonly histogram?: { readonly limit: number; readonly zeros: number };
  readonly axes: readonly AxisHeader[];
}
interface EqualizedHeader extends ValueHeader {
  readonly precision: string;
  readonly factors: number;
}
interface Header {
  readonly samples: number;
  readonly values: readonly ValueHeader[];
  readonly equalized: readonly EqualizedHeader[];
}

/** u32 length of a JSON header, the header padded with spaces to a multiple of 8, then the arrays in its order. */
export function encodeStatistics({ samples, values, equalized }: Statistics): Uint8Array {
  const header: Header = {
    samples,
    values: [...values].map(([name, seen]) => headerOf(name, seen)),
    equalized: [...equalized].map(([name, { factors, precision, seen }]) => ({
      ...headerOf(name, seen),
      precision,
      factors: factors.length,
    })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([Buffer.alloc(4), json, Buffer.alloc((12 - (json.byteLength % 8)) % 8, " ")]);
  padded.writeUInt32LE(padded.byteLength - 4);
  const scaled = [...equalized.values()].flatMap(({ factors, seen }) => [factors, ...arraysOf(seen)]);
  return Buffer.concat([padded, ...[...[...values.values()].flatMap(arraysOf), ...scaled].map(bytesOf)]);
}

function headerOf(name: string, seen: ValueStatistics): ValueHeader {
  const { histogram } = seen;
  return {
    name,
    ...(histogram && { histogram: { limit: histogram.limit, zeros: histogram.zeros } }),
    axes: AXIS_PARTS.flatMap((part) => [...(seen[part] ?? [])].map(([axis, { length }]) => ({ part, axis, length }))),
  };
}

function arraysOf(seen: ValueStatistics): readonly (Float32Array | Float64Array)[] {
  const { sampleMin, sampleMax, histogram } = seen;
  const vectors = AXIS_PARTS.flatMap((part) => [...(seen[part]?.values() ?? [])]);
  return [sampleMin, sampleMax, ...(histogram ? [histogram.counts] : []), ...vectors];
}

function bytesOf(array: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The store has checked that the bytes are those that were saved; a header of another form is a miss. */
export function decodeStatistics(bytes: Uint8Array): Statistics | undefined {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const headerBytes = view.getUint32(0, true);
    const header = JSON.parse(Buffer.from(bytes.subarray(4, 4 + headerBytes)).toString()) as Header;
    const reader = new ArrayReader(bytes, 4 + headerBytes);
    const values = new Map(header.values.map((value) => [value.name, decodeValue(value, header.samples, reader)]));
    const equalized = new Map(
      header.equalized.map(({ precision, factors, ...value }) => {
        const scale = reader.f32(factors);
        return [value.name, { precision, factors: scale, seen: decodeValue(value, header.samples, reader) }];
      }),
    );
    return reader.atEnd ? { samples: header.samples, values, equalized, cached: true } : undefined;
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function decodeValue({ histogram, axes }: ValueHeader, samples: number, reader: ArrayReader): ValueStatistics {
  const [sampleMin, sampleMax] = [reader.f32(samples), reader.f32(samples)];
  const decoded: Histogram | undefined = histogram && { ...histogram, counts: reader.f64(HISTOGRAM_BINS) };
  const vectors = axes.map(({ part, axis, length }) => ({ part, axis, vector: reader.f32(length) }));
  const parts = AXIS_PARTS.map((part) => [part, vectors.filter((found) => found.part === part)] as const);
  const byPart = parts.flatMap(([part, found]) =>
    found.length > 0 ? [[part, new Map(found.map(({ axis, vector }) => [axis, vector]))]] : [],
  );
  return { sampleMin, sampleMax, ...(decoded && { histogram: decoded }), ...(Object.fromEntries(byPart) as Partial<ValueStatistics>) };
}

/** Reads arrays one after the other; throws RangeError past the end. */
class ArrayReader {
  private readonly bytes: Uint8Array;
  private position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
  }

  get atEnd(): boolean {
    return this.position === this.bytes.byteLength;
  }

  f32(length: number): Float32Array {
    return new Float32Array(this.take(length * 4));
  }

  f64(length: number): Float64Array {
    return new Float64Array(this.take(length * 8));
  }

  private take(byteLength: number): ArrayBuffer {
    const end = this.position + byteLength;
    if (!(end <= this.bytes.byteLength)) throw new RangeError(`statistics end at ${this.bytes.byteLength}, not ${end}`);
    const taken = this.bytes.slice(this.position, end).buffer as ArrayBuffer;
    this.position = end;
    return taken;
  }
}
