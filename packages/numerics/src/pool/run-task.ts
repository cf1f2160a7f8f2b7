import { channelErrors } from "../channel-errors.js";
import { byteLengthOf } from "../dtype.js";
import type { Floats, Kernels } from "../kernels.js";
import { largestScale } from "../scale-limits.js";
import { elementCountOf } from "../view.js";
import { readBytes, readFloats, sha256OfRange } from "./file-floats.js";
import { scaleBytes, writeBytes } from "./file-output.js";
import { cachedParts, joined, NO_WEIGHTS } from "./weights-task.js";
import type { Destination, FloatSource, Task, TaskOf, TaskResults } from "./tasks.js";

type Runners = { readonly [Kind in Task["kind"]]: (kernels: Kernels, task: TaskOf<Kind>) => TaskResults[Kind] };

const RUNNERS: Runners = {
  groupRanges: (kernels, { source, view }) => kernels.groupRanges(floatsOf(kernels, source), view),
  quantize(kernels, { source, q, outBytes }) {
    const { bytes, nanCount } = kernels.quantize(floatsOf(kernels, source), q);
    put(bytes, outBytes);
    return { nanCount };
  },
  quantizeWeights(kernels, task) {
    let sum = NO_WEIGHTS;
    for (const part of cachedParts(task)) sum = joined(sum, quantizeWeights(kernels, part));
    return sum;
  },
  channelErrors(kernels, { source, codes, q, layout, start }) {
    const bytes = codes instanceof Uint8Array ? codes : readBytes(codes, byteLengthOf(q.storage, elementCountOf(q.view)));
    const restored = kernels.dequantize(bytes, q);
    const floats = floatsOf(kernels, source);
    return channelErrors(floats instanceof Float32Array ? floats : kernels.toFloat32(floats), restored, layout, start);
  },
  sha256: (kernels, { range }) => sha256OfRange(kernels, range),
};

/** Does one task on this thread. */
export function runTask<Kind extends Task["kind"]>(kernels: Kernels, task: TaskOf<Kind>): TaskResults[Kind] {
  const run = RUNNERS[task.kind as Kind];
  return run(kernels, task);
}

function quantizeWeights(kernels: Kernels, task: TaskOf<"quantizeWeights">): TaskResults["quantizeWeights"] {
  const { source, spec, outBytes, outScale, outZeroPoint } = task;
  const { bytes, scale, zeroPoint, nanCount, nonFiniteGroups } = kernels.quantizeWeights(floatsOf(kernels, source), spec);
  put(bytes, outBytes);
  if (outScale instanceof Float32Array) outScale.set(scale);
  else writeBytes(outScale, scaleBytes(kernels, scale, spec.scaleDtype));
  if (zeroPoint) outZeroPoint?.set(zeroPoint);
  return { nanCount, nonFiniteGroups, largestScale: largestScale(scale) };
}

function put(bytes: Uint8Array, out: Destination): void {
  if (out instanceof Uint8Array) out.set(bytes);
  else writeBytes(out, bytes);
}

function floatsOf(kernels: Kernels, source: FloatSource): Floats {
  return "path" in source ? readFloats(kernels, source) : source;
}
