import type { ErrorLayout } from "../channel-errors.js";
import { bitsOf, byteLengthOf } from "../dtype.js";
import type { QParams } from "../kernels.js";
import { checkQParams } from "../qparams.js";
import { checkElementCount } from "../view.js";
import { forEach, type Host, paramsOf } from "./divide.js";
import type { Codes, FloatSource, TaskResults } from "./tasks.js";
import { elementsOf, moved, partOf, type Window, windowElements, windowsOf } from "./windows.js";

/** As KernelPool says: windows are added in their order, so that the number of threads does not show. */
export async function channelErrors(
  host: Host,
  source: FloatSource,
  quantized: QParams & { readonly codes: Codes },
  layout: ErrorLayout,
): Promise<Float64Array> {
  const { codes, ...q } = quantized;
  checkQParams(q);
  checkElementCount(q.view, elementsOf(source));
  const windows = windowsOf(q.view, windowElements(source), bitsOf(q.storage));
  const parts: TaskResults["channelErrors"][] = [];
  await forEach(host, windows.entries(), async ([index, window]) => {
    const part = { q: paramsOf(q, window), codes: codesOf(codes, q, window), source: partOf(source, window) };
    parts[index] = await host.run({ kind: "channelErrors", ...part, layout, start: window.start });
  });
  const sums = new Float64Array(layout.channel === "row" ? layout.rows : layout.columns);
  for (const part of parts) part.sums.forEach((sum, i) => (sums[part.first + i] = (sums[part.first + i] as number) + sum));
  return sums;
}

function codesOf(codes: Codes, { storage }: QParams, { start, count }: Window): Codes {
  const [begin, end] = [byteLengthOf(storage, start), byteLengthOf(storage, start + count)];
  return codes instanceof Uint8Array ? codes.slice(begin, end) : moved(codes, begin);
}
