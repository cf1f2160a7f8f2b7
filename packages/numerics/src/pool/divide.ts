import { bitsOf, byteLengthOf, isSigned } from "../dtype.js";
import { lengthOf, sliceOf, standalone } from "../floats.js";
import type { GroupRanges, IntegerType, Kernels, QParams, Quantized, QuantizedWeights, ScaleSpec } from "../kernels.js";
import { STAGE_LIMIT } from "../kernels.js";
import { checkQParams, checkScaleSpec } from "../qparams.js";
import { checkElementCount, elementCountOf, type QuantView, scaleCountOf } from "../view.js";
import { holdsWholeGroups, type Piece, piecesOf, viewOfPiece } from "../wasm/pieces.js";
import type { SharedMemory } from "./shared-memory.js";
import type { FloatSource, RunTask } from "./tasks.js";

/** What the divided operations need: a way to run tasks, and kernels for what is left to this thread. */
export interface Host {
  readonly run: RunTask;
  readonly kernels: Kernels;
  readonly memory: SharedMemory;
  /** Tasks to have under way at a time. */
  readonly concurrency: number;
}

/** Ranges of all groups, window by window. */
export async function groupRanges(host: Host, source: FloatSource, view: QuantView): Promise<GroupRanges> {
  checkElementCount(view, elementsOf(source));
  const groups = scaleCountOf(view);
  const min = new Float32Array(groups).fill(Number.POSITIVE_INFINITY);
  const max = new Float32Array(groups).fill(Number.NEGATIVE_INFINITY);
  const absmax = new Float32Array(groups);
  await forEachWindow(host, windowsOf(source, view, 8), async (window) => {
    const part = await host.run({ kind: "groupRanges", source: partOf(source, window), view: window.view });
    for (let i = 0; i < window.groups; i += 1) {
      const group = window.group + i;
      min[group] = Math.min(min[group] as number, part.min[i] as number);
      max[group] = Math.max(max[group] as number, part.max[i] as number);
      absmax[group] = Math.max(absmax[group] as number, part.absmax[i] as number);
    }
  });
  return { min, max, absmax };
}

/** Codes by given scales, window by window. */
export async function quantize(host: Host, source: FloatSource, q: QParams): Promise<Quantized> {
  checkQParams(q);
  checkElementCount(q.view, elementsOf(source));
  const memory = host.memory.take(packedBytes(q.storage, q.view));
  const bytes = new Uint8Array(memory, 0, packedBytes(q.storage, q.view));
  let nanCount = 0;
  await forEachWindow(host, windowsOf(source, q.view, bitsOf(q.storage)), async (window) => {
    const { scale, zeroPoint } = sliceQParams(q, window);
    const part = { view: window.view, storage: q.storage, range: q.range, scale, ...(zeroPoint ? { zeroPoint } : {}) };
    const outBytes = bytesOf(bytes, q.storage, window);
    nanCount += (await host.run({ kind: "quantize", source: partOf(source, window), q: part, outBytes })).nanCount;
  });
  const result = { bytes: bytes.slice(), nanCount };
  host.memory.give(memory);
  return result;
}

/** Scales and codes: in one pass where windows hold whole groups, else ranges first. */
export async function quantizeWeights(host: Host, source: FloatSource, spec: ScaleSpec): Promise<QuantizedWeights> {
  checkScaleSpec(spec);
  checkElementCount(spec.view, elementsOf(source));
  if (holdsWholeGroups(spec.view, windowElements(source))) return inOnePass(host, source, spec);
  const scales = host.kernels.scalesFromRanges(await groupRanges(host, source, spec.view), spec);
  const { view, storage, range } = spec;
  return { ...(await quantize(host, source, { view, storage, range, ...scales })), ...scales };
}

async function inOnePass(host: Host, source: FloatSource, spec: ScaleSpec): Promise<QuantizedWeights> {
  const { view, storage, range, symmetric, scaleDtype } = spec;
  if (elementCountOf(view) === 0) return host.kernels.quantizeWeights(new Float32Array(0), spec);
  const hasZeroPoint = !(symmetric && isSigned(storage));
  const [byteCount, scaleCount] = [packedBytes(storage, view), scaleCountOf(view)];
  const scaleBegin = Math.ceil(byteCount / 4) * 4;
  const memory = host.memory.take(scaleBegin + scaleCount * (hasZeroPoint ? 8 : 4));
  const bytes = new Uint8Array(memory, 0, byteCount);
  const scale = new Float32Array(memory, scaleBegin, scaleCount);
  const zeroPoint = hasZeroPoint ? new Int32Array(memory, scaleBegin + scaleCount * 4, scaleCount) : undefined;
  let [nanCount, nonFiniteGroups] = [0, 0];
  await forEachWindow(host, windowsOf(source, view, bitsOf(storage)), async (window) => {
    const [begin, end] = [window.group, window.group + window.groups];
    const part = await host.run({
      kind: "quantizeWeights",
      source: partOf(source, window),
      spec: { view: window.view, storage, range, symmetric, scaleDtype },
      outBytes: bytesOf(bytes, storage, window),
      outScale: scale.subarray(begin, end),
      ...(zeroPoint ? { outZeroPoint: zeroPoint.subarray(begin, end) } : {}),
    });
    nanCount += part.nanCount;
    nonFiniteGroups += part.nonFiniteGroups;
  });
  const parts = { bytes: bytes.slice(), scale: scale.slice(), ...(zeroPoint ? { zeroPoint: zeroPoint.slice() } : {}) };
  host.memory.give(memory);
  return { ...parts, nanCount, nonFiniteGroups };
}

/** A part of a tensor with the scales that its elements use, as a view of its own. */
interface Window {
  readonly start: number;
  readonly count: number;
  readonly group: number;
  readonly groups: number;
  readonly view: QuantView;
}

/** Calls `work` for every window, with at most `concurrency` calls under way. */
async function forEachWindow(host: Host, windows: readonly Window[], work: (window: Window) => Promise<void>): Promise<void> {
  const left = windows.values();
  const runner = async () => {
    for (const window of left) await work(window);
  };
  await Promise.all(Array.from({ length: host.concurrency }, runner));
}

/** Windows of at most 8 MiB; one that holds everything where they would begin inside a byte of packed codes of `bits`. */
function windowsOf(source: FloatSource, view: QuantView, bits: number): readonly Window[] {
  const windows = Array.from(piecesOf(view, windowElements(source)), toWindow);
  if (windows.every(({ start }) => (start * bits) % 8 === 0)) return windows;
  return [{ start: 0, count: elementCountOf(view), group: 0, groups: scaleCountOf(view), view }];
}

function toWindow(piece: Piece): Window {
  const { start, count, group, groups } = piece;
  return { start, count, group, groups, view: viewOfPiece(piece) };
}

function windowElements(source: FloatSource): number {
  return STAGE_LIMIT / bytesPerElement(source);
}

/** The elements of `window`, not tied to a larger buffer unless that is shared. */
function partOf(source: FloatSource, { start, count }: Window): FloatSource {
  if ("path" in source) return { ...source, offset: source.offset + start * bytesPerElement(source), elementCount: count };
  return standalone(sliceOf(source, start, start + count));
}

function bytesPerElement(source: FloatSource): number {
  return source instanceof Float32Array || source.dtype === "f32" ? 4 : 2;
}

function elementsOf(source: FloatSource): number {
  return "path" in source ? source.elementCount : lengthOf(source);
}

function sliceQParams(q: QParams, { group, groups }: Window): { scale: Float32Array; zeroPoint?: Int32Array } {
  const scale = q.scale.slice(group, group + groups);
  return q.zeroPoint ? { scale, zeroPoint: q.zeroPoint.slice(group, group + groups) } : { scale };
}

function packedBytes(storage: IntegerType, view: QuantView): number {
  return byteLengthOf(storage, elementCountOf(view));
}

function bytesOf(bytes: Uint8Array, storage: IntegerType, { start, count }: Window): Uint8Array {
  return bytes.subarray(byteLengthOf(storage, start), byteLengthOf(storage, start + count));
}
