import { BITS } from "./dtype.js";
import type { AttrValue, Graph, Node, Value } from "./graph.js";
import { contentHash, type TensorData } from "./tensor-data.js";
import type { Dim, QuantSpec, TensorType } from "./types.js";

const PLAIN = /^[A-Za-z_][A-Za-z0-9_.]*$/;

export interface PrintOptions {
  /** Constants up to this many bytes are written out in base64; larger ones by hash only, and then parsing needs a resolver. Default: all. */
  readonly inlineLimitBytes?: number;
}

/**
 * Text form of a graph: header, then one line per input, capture, constant and node, then the outputs. `parseGraph` reads it
 * back to an equal graph (ids and derived elements aside).
 */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  return printLines(graph, options.inlineLimitBytes ?? Number.POSITIVE_INFINITY, "").join("\n") + "\n";
}

function printLines(graph: Graph, limit: number, indent: string): string[] {
  const inner = `${indent}  `;
  return [
    `${indent}graph ${word(graph.name)} {`,
    ...graph.inputs.map((value) => `${inner}input ${typed(value, limit)}`),
    ...graph.captures.map((value) => `${inner}capture ${typed(value, limit)}`),
    ...graph.constants.map(
      (value) => `${inner}const ${typed(value, limit)} = ${printTensor(value.data as TensorData, limit)}${role(value)}`,
    ),
    ...graph.nodes.map((node) => inner + printNode(node, limit, inner)),
    `${inner}return ${graph.outputs.map(ref).join(", ")}`,
    `${indent}}`,
  ];
}

function printNode(node: Node, limit: number, indent: string): string {
  const outputs = node.outputs.map((value) => (value ? typed(value, limit) : "_")).join(", ");
  const inputs = node.inputs.map((value) => (value ? ref(value) : "_")).join(", ");
  const attrs = Object.keys(node.attrs)
    .sort()
    .map((key) => `${word(key)} = ${printAttr(node.attrs[key] as AttrValue, limit, indent)}`);
  const captures = [...node.captures].map(([name, value]) => `${word(name)} = ${ref(value)}`);
  return [
    `${outputs} = ${word(node.op)}(${inputs})`,
    attrs.length > 0 ? ` {${attrs.join(", ")}}` : "",
    captures.length > 0 ? ` captures {${captures.join(", ")}}` : "",
    ` name ${JSON.stringify(node.name)}`,
    node.origin.length > 0 ? ` origin ${JSON.stringify(node.origin)}` : "",
    role(node),
  ].join("");
}

function printAttr(value: AttrValue, limit: number, indent: string): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return printNumber(value);
  if (typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((item) => (typeof item === "number" ? printNumber(item) : JSON.stringify(item))).join(", ")}]`;
  if ("kind" in value)
    return value.kind === "graph" ? printLines(value.graph, limit, `${indent}  `).join("\n").trimStart() : `opaque ${base64(value.bytes)}`;
  return `tensor ${printTensor(value as TensorData, limit)}`;
}

function printNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function typed(value: Value, limit: number): string {
  return `${ref(value)}: ${printType(value.type, limit)}`;
}

/** `f32[1, seq]`, `f32?` for unknown rank, then `quant(…)` when integers stand for the values. */
export function printType(type: TensorType, limit: number = Number.POSITIVE_INFINITY): string {
  const shape = type.shape ? `[${type.shape.map(printDim).join(", ")}]` : "?";
  const foreign = type.foreign ? ` foreign ${base64(type.foreign)}` : "";
  return `${type.dtype}${shape}${foreign}${type.quant ? ` ${printQuant(type.quant, limit)}` : ""}`;
}

function printDim(extent: Dim): string {
  return typeof extent === "number" ? String(extent) : PLAIN.test(extent) ? extent : JSON.stringify(extent);
}

function printQuant(spec: QuantSpec, limit: number): string {
  const parts = [
    spec.storage,
    `[${spec.range[0]}, ${spec.range[1]}]`,
    spec.granularity,
    spec.mode,
    spec.scale && `scale ${printTensor(spec.scale, limit)}`,
    spec.zeroPoint && `zeroPoint ${printTensor(spec.zeroPoint, limit)}`,
    spec.realRange && `real [${spec.realRange.map(printNumber).join(", ")}]`,
  ];
  return `quant(${parts.filter(Boolean).join(" ")})`;
}

/** A widened tensor is written as what is stored. */
function printTensor(data: TensorData, limit: number): string {
  if (data.narrow) return `widened ${printTensor(data.narrow, limit)}`;
  const head = `${data.dtype}[${data.shape.join(", ")}]`;
  if (data.byteLength > limit) return `${head} sha256 "${contentHash(data)}"`;
  return BITS[data.dtype] === 0 ? `${head} raw ${base64(data.bytes())}` : `${head} ${base64(data.bytes())}`;
}

function base64(bytes: Uint8Array): string {
  return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}"`;
}

function role(target: Node | Value): string {
  return target.role === undefined ? "" : ` role ${JSON.stringify(target.role)}`;
}

function ref(value: Value): string {
  return `%${word(value.name)}`;
}

function word(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text);
}
