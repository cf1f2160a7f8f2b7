import type { Tensor } from "onnxruntime-node";
import { BITS, type TensorData } from "@vlm-export/ir";
import { elementTypeOf } from "./element-types.js";
import { engineDtype, engineInputMissing, engineInputType, engineInputUnknown } from "./errors.js";
import type { Runtime } from "./runtime.js";

/** What a model takes under a name: extents are numbers, symbols, or undefined when unknown; none for scalars and for an unknown rank. */
export interface EnginePort {
  readonly name: string;
  readonly dtype: TensorData["dtype"];
  readonly shape: readonly (number | string | undefined)[];
}

/**
 * A sample as the engine takes it. Throws VX-ENGINE-INPUT-* unless there is a tensor of the right type and shape for every
 * input and for nothing else; a symbol must stand for one extent throughout the sample.
 */
export function feedsOf(runtime: Runtime, ports: readonly EnginePort[], sample: ReadonlyMap<string, TensorData>): Record<string, Tensor> {
  const symbols = new Map<string, number>();
  const names = ports.map(({ name }) => name);
  for (const name of sample.keys()) if (!names.includes(name)) throw engineInputUnknown(name, names);
  const feeds: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
  for (const port of ports) {
    const data = sample.get(port.name);
    if (!data) throw engineInputMissing(port.name, [...sample.keys()]);
    if (data.dtype !== port.dtype || !fits(data.shape, port.shape, symbols))
      throw engineInputType(port.name, `${data.dtype}[${data.shape.join(", ")}]`, describe(port, symbols));
    feeds[port.name] = tensorOf(runtime, port.name, data);
  }
  return feeds;
}

function fits(actual: readonly number[], expected: EnginePort["shape"], symbols: Map<string, number>): boolean {
  if (expected.length === 0) return true;
  if (actual.length !== expected.length) return false;
  return expected.every((extent, axis) => {
    const given = actual[axis] as number;
    if (extent === undefined || extent === "") return true;
    if (typeof extent === "number") return extent === given;
    if (!symbols.has(extent)) symbols.set(extent, given);
    return symbols.get(extent) === given;
  });
}

function describe({ dtype, shape }: EnginePort, symbols: ReadonlyMap<string, number>): string {
  const extents = shape.map((extent) =>
    typeof extent === "string" && symbols.has(extent) ? `${extent} = ${symbols.get(extent)}` : (extent ?? "?"),
  );
  return `${dtype}[${extents.join(", ")}]`;
}

/** The tensor over the sample's own bytes where they are aligned, else over a copy. Memory ranges of files are read now. */
function tensorOf(runtime: Runtime, name: string, data: TensorData): Tensor {
  const type = elementTypeOf(data.dtype);
  if (!type) throw engineDtype(name, data.dtype);
  const bytes = data.bytes();
  const aligned = bytes.byteOffset % type.bytes === 0 && bytes.buffer instanceof ArrayBuffer;
  const held = aligned ? bytes : new Uint8Array(bytes);
  const view = type.view(held.buffer as ArrayBuffer, held.byteOffset, (data.byteLength * 8) / BITS[data.dtype]);
  return new runtime.Tensor(type.ort as "float32", view as Float32Array, data.shape);
}
