import { isSigned } from "../dtype.js";
import type { QParams, QuantizedWeights, Scales, ScaleSpec } from "../kernels.js";
import { checkScaleSpec } from "../qparams.js";
import { largestScale } from "../scale-limits.js";
import { checkElementCount, elementCountOf, scaleCountOf } from "../view.js";
import { holdsWholeGroups } from "../wasm/pieces.js";
import { forEach, groupRanges, type Host, quantize, quantizeInto } from "./divide.js";
import { scaleBytes, writeBytes } from "./file-output.js";
import type { Destination, FilePlace, FloatSource, WeightsFile, WeightsInFile } from "./tasks.js";
import { joined, NO_WEIGHTS, partsOf } from "./weights-task.js";
import { elementsOf, packedBytes, windowElements } from "./windows.js";

/** Scales and codes: in one pass where windows hold whole groups, else ranges first. */
export async function quantizeWeights(host: Host, source: FloatSource, spec: ScaleSpec): Promise<QuantizedWeights> {
  if (!isOnePass(source, spec)) {
    const scales = await scalesOf(host, source, spec);
    return { ...(await quantize(host, source, { ...codesSpec(spec), ...scales })), ...scales };
  }
  if (elementCountOf(spec.view) === 0) return host.kernels.quantizeWeights(new Float32Array(0), spec);
  const [byteCount, scaleCount] = [packedBytes(spec.storage, spec.view), scaleCountOf(spec.view)];
  const scaleBegin = Math.ceil(byteCount / 4) * 4;
  const memory = host.memory.take(scaleBegin + scaleCount * 4);
  const [bytes, scale] = [new Uint8Array(memory, 0, byteCount), new Float32Array(memory, scaleBegin, scaleCount)];
  const { nanCount, nonFiniteGroups, zeroPoint } = await inOnePass(host, source, spec, { bytes, scale });
  const parts = { bytes: bytes.slice(), scale: scale.slice() };
  host.memory.give(memory);
  return { ...parts, nanCount, nonFiniteGroups, ...(zeroPoint && { zeroPoint }) };
}

/** As {@link quantizeWeights}, with codes and scales left in a file. */
export async function quantizeWeightsToFile(host: Host, source: FloatSource, spec: ScaleSpec, file: WeightsFile): Promise<WeightsInFile> {
  const [bytes, scale] = [file.codes, file.scale].map((offset) => ({ path: file.path, offset })) as [FilePlace, FilePlace];
  if (isOnePass(source, spec)) return inOnePass(host, source, spec, { bytes, scale });
  const { scale: values, ...rest } = await scalesOf(host, source, spec);
  const nanCount = await quantizeInto(host, source, { ...codesSpec(spec), scale: values, ...rest }, bytes);
  writeBytes(scale, scaleBytes(host.kernels, values, spec.scaleDtype));
  return { ...rest, nanCount, largestScale: largestScale(values) };
}

function isOnePass(source: FloatSource, spec: ScaleSpec): boolean {
  checkScaleSpec(spec);
  checkElementCount(spec.view, elementsOf(source));
  return holdsWholeGroups(spec.view, windowElements(source));
}

async function scalesOf(host: Host, source: FloatSource, spec: ScaleSpec): Promise<Scales> {
  return host.kernels.scalesFromRanges(await groupRanges(host, source, spec.view), spec);
}

function codesSpec({ view, storage, range }: ScaleSpec): Pick<QParams, "view" | "storage" | "range"> {
  return { view, storage, range };
}

/** Where codes and scales go; zero points stay in memory, as targets pack them in ways of their own. */
interface OnePassOutput {
  readonly bytes: Destination;
  readonly scale: Float32Array | FilePlace;
}

async function inOnePass(host: Host, source: FloatSource, spec: ScaleSpec, out: OnePassOutput): Promise<WeightsInFile> {
  const hasZeroPoint = !(spec.symmetric && isSigned(spec.storage));
  const memory = hasZeroPoint ? host.memory.take(scaleCountOf(spec.view) * 4) : undefined;
  const zeroPoint = memory && new Int32Array(memory, 0, scaleCountOf(spec.view));
  const task = { kind: "quantizeWeights", source, spec, outBytes: out.bytes, outScale: out.scale } as const;
  let facts = NO_WEIGHTS;
  await forEach(host, partsOf({ ...task, ...(zeroPoint && { outZeroPoint: zeroPoint }) }, windowElements(source)), async (part) => {
    const found = await host.run(part);
    facts = joined(facts, found);
  });
  const points = zeroPoint?.slice();
  if (memory) host.memory.give(memory);
  return { ...facts, ...(points && { zeroPoint: points }) };
}
