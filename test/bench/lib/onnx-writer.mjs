/**
 * A small streaming ONNX writer for generated models. It shares no code with the packages under test.
 * Weights go to an external data file at 64 KiB-aligned offsets and never stay in memory whole.
 */
import { closeSync, ftruncateSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { bytes, float, int } from "./protobuf.mjs";

export const FLOAT = 1;
export const INT64 = 7;
export const FLOAT16 = 10;

const ITEM_SIZE = new Map([
  [FLOAT, 4],
  [INT64, 8],
  [FLOAT16, 2],
]);
const ALIGNMENT = 65536;
const CHUNK_ELEMENTS = 1 << 22;

const countOf = (shape) => shape.reduce((a, b) => a * b, 1);

/** A graph under construction. `node` returns the name of the node's only output. */
export function graphBuilder() {
  const nodes = [];
  const initializers = [];
  const names = new Set();

  function uniqueName(wanted) {
    let name = wanted;
    for (let n = 1; names.has(name); n += 1) name = `${wanted}_${n}`;
    names.add(name);
    return name;
  }

  function node(op, inputs, { name = op, attrs = {}, output, domain } = {}) {
    const nodeName = uniqueName(name);
    const result = output ?? `${nodeName}_output_0`;
    nodes.push({ op, inputs, outputs: [result], name: nodeName, attrs, domain });
    return result;
  }

  /** A small constant as a Constant node, the form PyTorch exports. `values` is a typed array. */
  function constant(name, values, shape) {
    return node("Constant", [], { name, attrs: { value: { tensor: values, shape } } });
  }

  /** A weight: `fill(out, begin)` writes elements begin … begin + out.length into a Float32Array; without it the data is a hole. */
  function weight(name, shape, { dtype = FLOAT, fill } = {}) {
    const unique = uniqueName(name);
    initializers.push({ name: unique, shape, dtype, fill });
    return unique;
  }

  return { nodes, initializers, node, constant, weight };
}

function tensorOf(values, shape, name = "") {
  const dtype = values instanceof BigInt64Array ? INT64 : FLOAT;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [...shape.map((d) => int(1, d)), int(2, dtype), ...(name ? [bytes(8, name)] : []), bytes(9, raw)];
}

function attributeOf(name, value) {
  if (typeof value === "string") return [bytes(1, name), bytes(4, value), int(20, 3)];
  if (Array.isArray(value)) return [bytes(1, name), ...value.map((v) => int(8, v)), int(20, 7)];
  if (typeof value === "object" && value.tensor) return [bytes(1, name), bytes(5, tensorOf(value.tensor, value.shape)), int(20, 4)];
  if (typeof value === "object") return [bytes(1, name), float(2, value.float), int(20, 1)];
  return [bytes(1, name), int(3, value), int(20, 2)];
}

function nodeOf({ op, inputs, outputs, name, attrs, domain }) {
  return [
    ...inputs.map((i) => bytes(1, i)),
    ...outputs.map((o) => bytes(2, o)),
    bytes(3, name),
    bytes(4, op),
    ...Object.entries(attrs).map(([key, value]) => bytes(5, attributeOf(key, value))),
    ...(domain ? [bytes(7, domain)] : []),
  ];
}

function valueInfoOf({ name, dtype, shape }) {
  const dims = shape.map((d) => bytes(1, [typeof d === "string" ? bytes(2, d) : int(1, d)]));
  return [bytes(1, name), bytes(2, [bytes(1, [int(1, dtype), bytes(2, dims)])])];
}

const entryOf = (key, value) => bytes(13, [bytes(1, key), bytes(2, String(value))]);

function externalTensorOf({ name, shape, dtype, offset, length }, location) {
  return [
    ...shape.map((d) => int(1, d)),
    int(2, dtype),
    bytes(8, name),
    entryOf("location", location),
    entryOf("offset", offset),
    entryOf("length", length),
    int(14, 1),
  ];
}

function placeInitializers(initializers) {
  let offset = 0;
  const placed = initializers.map((initializer) => {
    const length = countOf(initializer.shape) * ITEM_SIZE.get(initializer.dtype);
    const at = offset;
    offset = Math.ceil((offset + length) / ALIGNMENT) * ALIGNMENT;
    return { ...initializer, offset: at, length };
  });
  return { placed, totalBytes: offset };
}

function writeWeights(path, placed, totalBytes) {
  const file = openSync(path, "w");
  try {
    ftruncateSync(file, totalBytes);
    for (const { shape, fill, offset } of placed.filter((p) => p.fill)) {
      const count = countOf(shape);
      for (let begin = 0; begin < count; begin += CHUNK_ELEMENTS) {
        const chunk = new Float32Array(Math.min(CHUNK_ELEMENTS, count - begin));
        fill(chunk, begin);
        writeSync(file, new Uint8Array(chunk.buffer), 0, chunk.byteLength, offset + begin * 4);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Writes `path` and `path.data`. `graph` comes from {@link graphBuilder}; the model file appears last and whole. */
export function writeModel(path, graph, { name, inputs, outputs, opset, irVersion, opsetImports = [] }) {
  const { placed, totalBytes } = placeInitializers(graph.initializers);
  writeWeights(`${path}.data`, placed, totalBytes);
  const location = `${basename(path)}.data`;
  const body = [
    ...graph.nodes.map((n) => bytes(1, nodeOf(n))),
    bytes(2, name),
    ...placed.map((p) => bytes(5, externalTensorOf(p, location))),
    ...inputs.map((v) => bytes(11, valueInfoOf(v))),
    ...outputs.map((v) => bytes(12, valueInfoOf(v))),
  ];
  const imports = [{ domain: "", version: opset }, ...opsetImports].map((o) => bytes(8, [bytes(1, o.domain), int(2, o.version)]));
  writeFileSync(`${path}.tmp`, Buffer.concat([int(1, irVersion), bytes(2, "vlm-export-bench"), bytes(7, body), ...imports]));
  renameSync(`${path}.tmp`, path);
  return { parameters: placed.reduce((sum, p) => sum + countOf(p.shape), 0), dataBytes: totalBytes, nodes: graph.nodes.length };
}
