import {
  bytesText,
  elementCount,
  graphTree,
  type Node,
  printable,
  textTable,
  storedByteLength,
  type TensorType,
  type Value,
} from "@vlm-export/ir";
import type { ActivationRequest, DecidedBy, Edge, Plan, QuantGroup, WeightPlan, WeightRequest } from "./plan-types.js";
import { wordFor } from "./words.js";

/** `int8 per channel, axis 1`. */
function weightText({ storage, granularity, axis, blockSize, symmetric, method, scaleDtype }: WeightRequest): string {
  const scales =
    granularity === "block"
      ? `per block of ${blockSize}, axis ${axis}`
      : granularity === "channel"
        ? `per channel, axis ${axis}`
        : "per tensor";
  const extras = [symmetric ? "" : "asymmetric", scaleDtype === "f32" ? "" : `${scaleDtype} scales`, method === "minmax" ? "" : method];
  return [`${wordFor(storage)} ${scales}`, ...extras.filter(Boolean)].join(", ");
}

/** `int8 per tensor, static (percentile 99.9)`. */
function activationText({ storage, granularity, symmetric, mode, method }: ActivationRequest): string {
  const how = mode === "dynamic" ? "dynamic" : `static (${method.name}${method.percentile === undefined ? "" : ` ${method.percentile}`})`;
  return `${wordFor(storage)} per ${granularity}${symmetric ? ", symmetric" : ""}, ${how}`;
}

/** `recipe.yaml:14`. */
function lineText({ file, line }: DecidedBy): string {
  return `${file}:${line}`;
}

/** Tables for people: every constant and every activation with what was decided, by which line, and the sizes. */
export function describePlan(plan: Plan): string {
  const { summary } = plan;
  const share = summary.parameters === 0 ? 0 : (100 * summary.quantizedParameters) / summary.parameters;
  const parts = [
    `${printable(plan.graph.name)}: ${summary.nodes} nodes, ${summary.quantizedNodes} with integers; ${summary.parameters} parameters, ` +
      `${share.toFixed(1)} % as integers; ${bytesText(summary.bytesBefore)} → ${bytesText(summary.bytesAfter)}`,
    section("weights", ["weight", "shape", "node", "becomes", "bytes", "decided by"], weightRows(plan)),
    section("activations", ["value", "shape", "read by", "becomes", "group", "decided by"], activationRows(plan)),
    section("other", ["node", "op", "role", "becomes", "decided by"], otherRows(plan)),
    section("kept as they are", ["value", "shape", "reason"], keptRows(plan)),
  ];
  if (plan.needsData) parts.push("Calibration data is needed.");
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "" : `${title}\n${textTable(head, rows).replaceAll(/^/gm, "  ")}`;
}

function weightRows(plan: Plan): readonly (readonly string[])[] {
  const bytes = (before: number, after: number): string => `${bytesText(before)} → ${bytesText(after)}`;
  return [
    ...plan.weights.map(({ value, name, edges, request, bytesBefore, bytesAfter, decidedBy }) => [
      name,
      shapeText(value.type),
      readersText(edges),
      weightText(request),
      bytes(bytesBefore, bytesAfter),
      lineText(decidedBy),
    ]),
    ...plan.biases.map(({ value, edge, weight }) => [
      value.name,
      shapeText(value.type),
      readersText([edge]),
      "int32 bias, scale of input · scale of weight",
      bytes(storedByteLength(value.data ? [value.data] : []), 4 * elementCount(value.data?.shape ?? [0])),
      lineText(weight.decidedBy),
    ]),
  ];
}

function activationRows({ groups }: Plan): readonly (readonly string[])[] {
  return groups.flatMap((group) => {
    const row = (value: Value, readBy: string): readonly string[] => [
      value.name,
      shapeText(value.type),
      readBy,
      becomes(group),
      `${group.id}`,
      lineText(group.decidedBy),
    ];
    return [
      ...group.values.map((value) => row(value, "all readers")),
      ...[...group.splits, ...group.constants].map(({ value, edges }) => row(value, readersText(edges))),
    ];
  });
}

function becomes({ request, fixedRange }: QuantGroup): string {
  return fixedRange
    ? `${wordFor(request.storage)} per tensor, range [${fixedRange.map((bound) => Number(bound.toPrecision(6))).join(", ")}]`
    : activationText(request);
}

function otherRows({ keeps, splits, biasCorrections, equalizations }: Plan): readonly (readonly string[])[] {
  const row = (node: Node, what: string, decidedBy: DecidedBy, path = ""): readonly string[] => [
    path + node.name,
    node.op,
    node.role ?? "",
    what,
    lineText(decidedBy),
  ];
  return [
    ...keeps.map(({ node, dtype, decidedBy, within }) =>
      row(node, dtype === "f16" ? "computes in float16" : "kept in float", decidedBy, within?.path),
    ),
    ...splits.map(({ node, sigma, by, decidedBy }) => row(node, `outlier channels of ${by} above ${sigma} σ in float16`, decidedBy)),
    ...biasCorrections.map(({ node, decidedBy }) => row(node, "bias correction", decidedBy)),
    ...equalizations.map(({ node, decidedBy }) => row(node, "channels scaled against the weights that read them", decidedBy)),
  ];
}

function keptRows({ keptValues }: Plan): readonly (readonly string[])[] {
  return keptValues.map(({ value, reason }) => [value.name, shapeText(value.type), reason]);
}

function readersText(edges: readonly Edge[]): string {
  const [first, ...rest] = edges.map(({ node, within }) => (node ? `${within?.path ?? ""}${node.name}` : "output"));
  return rest.length === 0 ? `${first}` : `${first} and ${rest.length} more`;
}

function shapeText({ shape }: TensorType): string {
  return shape ? `[${shape.join(", ")}]` : "?";
}

/** The same for machines; names instead of objects. */
export function planToJson(plan: Plan): object {
  const { graph, summary, needsData, diagnostics } = plan;
  return {
    graph: graph.name,
    summary,
    needsData,
    weights: plan.weights.map(weightJson),
    groups: plan.groups.map(groupJson),
    biases: plan.biases.map(({ value, edge, compute, group, weight }) => ({
      value: value.name,
      edge: edgeJson(edge),
      compute: compute.name,
      group: group.id,
      weight: weight.name,
    })),
    keeps: plan.keeps.map(({ node, dtype, decidedBy, within }) => ({
      node: `${within?.path ?? ""}${node.name}`,
      dtype,
      decidedBy: placeText(decidedBy),
    })),
    splits: plan.splits.map(({ node, sigma, by, decidedBy }) => ({ node: node.name, sigma, by, decidedBy: placeText(decidedBy) })),
    biasCorrections: plan.biasCorrections.map(({ node, decidedBy }) => ({ node: node.name, decidedBy: placeText(decidedBy) })),
    equalizations: plan.equalizations.map(({ node, output, weights, decidedBy }) => ({
      node: node.name,
      value: output.name,
      weights: weights.map(({ weight }) => weight.name),
      decidedBy: placeText(decidedBy),
    })),
    keptValues: plan.keptValues.map(({ value, reason }) => ({ value: value.name, reason })),
    nodes: graphTree(graph).places.flatMap(({ graph: { nodes }, path }) => nodes.map((node) => nodeJson(plan, node, path + node.name))),
    diagnostics,
  };
}

function nodeJson({ nodes }: Plan, node: Node, name: string): object {
  const role = node.role === undefined ? {} : { role: node.role };
  return { name, op: node.op, ...role, quantized: nodes.get(node)?.inputs.some((operand) => operand !== undefined) ?? false };
}

function weightJson({ value, name, edges, request, scaleShape, decidedBy, elements, bytesBefore, bytesAfter }: WeightPlan): object {
  const role = value.role === undefined ? {} : { role: value.role };
  return {
    value: name,
    ...role,
    shape: value.type.shape,
    edges: edges.map(edgeJson),
    request,
    scaleShape,
    elements,
    bytesBefore,
    bytesAfter,
    decidedBy: placeText(decidedBy),
  };
}

function groupJson({ id, request, decidedBy, values, splits, constants, observe, fixedRange }: QuantGroup): object {
  const named = ({ value, edges }: QuantGroup["splits"][number]): object => ({ value: value.name, edges: edges.map(edgeJson) });
  return {
    id,
    request,
    values: values.map(({ name, type }) => ({ value: name, shape: type.shape })),
    splits: splits.map(named),
    constants: constants.map(named),
    observe: observe.map(({ name }) => name),
    ...(fixedRange && { fixedRange }),
    decidedBy: placeText(decidedBy),
  };
}

function edgeJson({ node, index, within }: Edge): object {
  return node ? { node: `${within?.path ?? ""}${node.name}`, index } : { output: index };
}

function placeText({ file, line, column }: DecidedBy): string {
  return `${file}:${line}:${column}`;
}
