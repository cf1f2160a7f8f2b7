import { bitsOf } from "../dtype.js";
import { holdsWholeGroups, wholeGroupLimit } from "../wasm/pieces.js";
import type { TaskOf, TaskResults } from "./tasks.js";
import { bytesPer, codesOf, elementsOf, moved, partOf, windowsOf } from "./windows.js";

type WeightsTask = TaskOf<"quantizeWeights">;
type WeightsFacts = TaskResults["quantizeWeights"];

/** Facts of no weights. */
export const NO_WEIGHTS: WeightsFacts = { nanCount: 0, nonFiniteGroups: 0, largestScale: 0 };

/** Facts of two parts together. */
export function joined(a: WeightsFacts, b: WeightsFacts): WeightsFacts {
  return {
    nanCount: a.nanCount + b.nanCount,
    nonFiniteGroups: a.nonFiniteGroups + b.nonFiniteGroups,
    largestScale: Math.max(a.largestScale, b.largestScale),
  };
}

/** Elements that are read, quantized and written before the next are, so that they are still in the processor's cache. */
const CACHED_ELEMENTS = 512 * 1024;

/** The task as tasks on windows of at most `limit` elements, which must hold whole groups. */
export function* partsOf(task: WeightsTask, limit: number): IterableIterator<WeightsTask> {
  const { source, spec, outBytes, outScale, outZeroPoint } = task;
  for (const window of windowsOf(spec.view, limit, bitsOf(spec.storage))) {
    const [begin, end] = [window.group, window.group + window.groups];
    yield {
      kind: "quantizeWeights",
      source: partOf(source, window),
      spec: { ...spec, view: window.view },
      outBytes: codesOf(outBytes, spec.storage, window),
      outScale: outScale instanceof Float32Array ? outScale.subarray(begin, end) : moved(outScale, begin * bytesPer(spec.scaleDtype)),
      ...(outZeroPoint && { outZeroPoint: outZeroPoint.subarray(begin, end) }),
    };
  }
}

/** A task on a file in parts of {@link CACHED_ELEMENTS}, where these can hold whole groups; another one as it is. */
export function cachedParts(task: WeightsTask): Iterable<WeightsTask> {
  const { source, spec } = task;
  const limit = Math.max(CACHED_ELEMENTS, wholeGroupLimit(spec.view) ?? Number.POSITIVE_INFINITY);
  return "path" in source && elementsOf(source) > limit && holdsWholeGroups(spec.view, limit) ? partsOf(task, limit) : [task];
}
