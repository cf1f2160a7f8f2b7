import type { Floats, Kernels } from "../kernels.js";
import { readFloats, sha256OfRange } from "./file-floats.js";
import type { FloatSource, Task, TaskOf, TaskResults } from "./tasks.js";

type Runners = { readonly [Kind in Task["kind"]]: (kernels: Kernels, task: TaskOf<Kind>) => TaskResults[Kind] };

const RUNNERS: Runners = {
  groupRanges: (kernels, { source, view }) => kernels.groupRanges(floatsOf(kernels, source), view),
  quantize(kernels, { source, q, outBytes }) {
    const { bytes, nanCount } = kernels.quantize(floatsOf(kernels, source), q);
    outBytes.set(bytes);
    return { nanCount };
  },
  quantizeWeights(kernels, { source, spec, outBytes, outScale, outZeroPoint }) {
    const { bytes, scale, zeroPoint, nanCount, nonFiniteGroups } = kernels.quantizeWeights(floatsOf(kernels, source), spec);
    outBytes.set(bytes);
    outScale.set(scale);
    if (zeroPoint) outZeroPoint?.set(zeroPoint);
    return { nanCount, nonFiniteGroups };
  },
  sha256: (kernels, { range }) => sha256OfRange(kernels, range),
};

/** Does one task on this thread. */
export function runTask<Kind extends Task["kind"]>(kernels: Kernels, task: TaskOf<Kind>): TaskResults[Kind] {
  const run = RUNNERS[task.kind as Kind];
  return run(kernels, task);
}

function floatsOf(kernels: Kernels, source: FloatSource): Floats {
  return "path" in source ? readFloats(kernels, source) : source;
}
