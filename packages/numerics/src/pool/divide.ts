import { bitsOf } from "../dtype.js";
import type { GroupRanges, Kernels, QParams, Quantized } from "../kernels.js";
import { checkQParams } from "../qparams.js";
import { checkElementCount, type QuantView, scaleCountOf } from "../view.js";
import type { SharedMemory } from "./shared-memory.js";
import type { Destination, FloatSource, RunTask } from "./tasks.js";
import { codesOf, elementsOf, packedBytes, partOf, type Window, windowElements, windowsOf } from "./windows.js";

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
  await forEach(host, windowsOf(view, windowElements(source), 8).values(), async (window) => {
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
  const byteCount = packedBytes(q.storage, q.view);
  const memory = host.memory.take(byteCount);
  const shared = new Uint8Array(memory, 0, byteCount);
  const nanCount = await quantizeInto(host, source, q, shared);
  const bytes = shared.slice();
  host.memory.give(memory);
  return { bytes, nanCount };
}

/** Leaves the codes at `out`; the number of NaN. */
export async function quantizeInto(host: Host, source: FloatSource, q: QParams, out: Destination): Promise<number> {
  checkQParams(q);
  checkElementCount(q.view, elementsOf(source));
  let nanCount = 0;
  await forEach(host, windowsOf(q.view, windowElements(source), bitsOf(q.storage)).values(), async (window) => {
    const outBytes = codesOf(out, q.storage, window);
    nanCount += (await host.run({ kind: "quantize", source: partOf(source, window), q: paramsOf(q, window), outBytes })).nanCount;
  });
  return nanCount;
}

/** Calls `work` for every item, each made when its turn comes, with at most `concurrency` calls under way. */
export async function forEach<T>(host: Host, items: IterableIterator<T>, work: (item: T) => Promise<void>): Promise<void> {
  const runner = async () => {
    for (const item of items) await work(item);
  };
  await Promise.all(Array.from({ length: host.concurrency }, runner));
}

/** What a window needs of `q`. */
export function paramsOf({ storage, range, scale, zeroPoint }: QParams, { view, group, groups }: Window): QParams {
  const own = { view, storage, range, scale: scale.slice(group, group + groups) };
  return zeroPoint ? { ...own, zeroPoint: zeroPoint.slice(group, group + groups) } : own;
}
