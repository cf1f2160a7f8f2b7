import type { Tensors } from "@vlm-export/backend-api";
import { createEngine, runSample, sourceArithmetic } from "@vlm-export/engine";
import { type Graph, type Model, type Node, onlyComponent, type Value } from "@vlm-export/ir";
import type { LayerReport } from "@vlm-export/schemas";
import { NumericComparison } from "@vlm-export/verify";
import type { RunSite } from "../run-site.js";
import { runReference } from "./float-session.js";
import { layerOf } from "./output-errors.js";
import { layerSamples } from "./samples.js";
import { withSessions } from "./with-sessions.js";

/** Most layers that one report measures; those with the most multiply-accumulates matter most and come first in the graph's order. */
const MAX_LAYERS = 256;

/** Errors of the outputs of all nodes with a quantized operand: float graph against quantized graph on ONNX Runtime, the worst first. */
export async function measureLayers(run: RunSite, floatModel: Model, quantizedModel: Model): Promise<readonly LayerReport[]> {
  const [float, quantized] = [onlyComponent(floatModel), onlyComponent(quantizedModel)];
  const layers = layersOf(float, quantized).slice(0, MAX_LAYERS);
  const taps = layers.map(({ value }) => ({ value: value.name, kind: "tensor" as const }));
  return withSessions(await createEngine(), async (open) => {
    const reference = await open({ graph: float, ops: run.ops, taps }, { arithmetic: sourceArithmetic(float), unreadable: "left-out" });
    const session = await open({ graph: quantized, ops: run.ops, taps }, { arithmetic: "plain", unreadable: "left-out" });
    const comparisons = new Map(layers.map(({ value }) => [value.name, new NumericComparison(run.kernels)]));
    const samples = await layerSamples(run, floatModel);
    for await (const sample of samples) {
      const { tensors } = sample;
      run.request.signal?.throwIfAborted();
      const expected = await runReference(samples.isRandom, () => runSample(sample, "verify", () => reference.run(tensors)));
      addAll(comparisons, expected.tensors, (await session.run(tensors)).tensors);
    }
    return layers.map(({ node, value }) => reportOf(node, value, comparisons.get(value.name) as NumericComparison)).toSorted(byError);
  });
}

function addAll(comparisons: ReadonlyMap<string, NumericComparison>, expected: Tensors, found: Tensors): void {
  for (const [name, comparison] of comparisons) {
    const [a, b] = [expected.get(name), found.get(name)];
    if (a && b) comparison.add(a, b);
  }
}

function reportOf(node: Node, value: Value, comparison: NumericComparison): LayerReport {
  return { ...layerOf(value.name, comparison.result()), node: node.name, op: node.op, ...(node.role !== undefined && { role: node.role }) };
}

function byError(a: LayerReport, b: LayerReport): number {
  return (a.sqnrDb ?? Number.POSITIVE_INFINITY) - (b.sqnrDb ?? Number.POSITIVE_INFINITY);
}

interface Layer {
  readonly node: Node;
  /** First output, of the quantized graph; it has the same name in both. */
  readonly value: Value;
}

function layersOf(float: Graph, quantized: Graph): readonly Layer[] {
  return quantized.nodes.flatMap((node) => {
    const [value] = node.outputs;
    const isQuantized = node.inputs.some((input) => input?.type.quant) && node.op !== "vlm::Quantize";
    return value && isQuantized && float.value(value.name)?.type.dtype === "f32" && value.type.dtype === "f32" ? [{ node, value }] : [];
  });
}
