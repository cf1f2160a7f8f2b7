import type { Tensors } from "@vlm-export/backend-api";
import {
  createEngine,
  type EngineSession,
  runSample,
  sourceArithmetic,
  type Tap,
  thinned,
  type ValueSizes,
  valueSizes,
} from "@vlm-export/engine";
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

/** Most elements of a layer's output that are compared in one sample: all layers' lie in memory at once, of both graphs. */
const MAX_COMPARED = 2 ** 20;

/** Errors of the outputs of all nodes with a quantized operand: float graph against quantized graph on ONNX Runtime, the worst first. */
export async function measureLayers(run: RunSite, floatModel: Model, quantizedModel: Model): Promise<readonly LayerReport[]> {
  const [float, quantized] = [onlyComponent(floatModel), onlyComponent(quantizedModel)];
  const layers = layersOf(float, quantized).slice(0, MAX_LAYERS);
  return withSessions(await createEngine(), async (open) => {
    const openBoth = async (parts: Parts): Promise<Opened> => {
      const taps = layers.map(({ value }) => tapOf(value, parts));
      const reference = await open({ graph: float, ops: run.ops, taps }, { arithmetic: sourceArithmetic(float), unreadable: "left-out" });
      const session = await open({ graph: quantized, ops: run.ops, taps }, { arithmetic: "plain", unreadable: "left-out" });
      return { reference, session, parts };
    };
    const comparisons = new Map(layers.map(({ value }) => [value.name, new NumericComparison(run.kernels)]));
    let opened: Opened | undefined;
    const samples = await layerSamples(run, floatModel);
    for await (const sample of samples) {
      const { tensors } = sample;
      run.request.signal?.throwIfAborted();
      opened ??= await openBoth(partsOf(layers, valueSizes(float, tensors, run.ops)));
      const { reference, session } = opened;
      const expected = await runReference(samples.isRandom, () => runSample(sample, "verify", () => reference.run(tensors)));
      addAll(comparisons, expected.tensors, (await session.run(tensors)).tensors);
    }
    return layers.map((layer) => reportOf(layer, comparisons, opened?.parts)).toSorted(byError);
  });
}

/** Which elements of large outputs are compared: every so many, by value. */
type Parts = ReadonlyMap<string, number>;

/** The two graphs, loaded with these parts as taps. */
interface Opened {
  readonly reference: EngineSession;
  readonly session: EngineSession;
  readonly parts: Parts;
}

function partsOf(layers: readonly Layer[], sizeOf: ValueSizes): Parts {
  return new Map(
    layers.flatMap(({ value: { name } }) => {
      const every = thinned(sizeOf(name), MAX_COMPARED);
      return every === undefined ? [] : [[name, every] as const];
    }),
  );
}

/** Small outputs too are given out as copies: where an inner value itself is an output, the engine's own rewrites may compute it last. */
function tapOf({ name }: Value, parts: Parts): Tap {
  return { value: name, kind: "tensor", every: parts.get(name) ?? 1 };
}

function addAll(comparisons: ReadonlyMap<string, NumericComparison>, expected: Tensors, found: Tensors): void {
  for (const [name, comparison] of comparisons) {
    const [a, b] = [expected.get(name), found.get(name)];
    if (a && b) comparison.add(a, b);
  }
}

function reportOf(
  { node, value: { name } }: Layer,
  comparisons: ReadonlyMap<string, NumericComparison>,
  parts: Parts | undefined,
): LayerReport {
  const every = parts?.get(name);
  return {
    ...layerOf(name, (comparisons.get(name) as NumericComparison).result()),
    node: node.name,
    op: node.op,
    ...(node.role !== undefined && { role: node.role }),
    ...(every !== undefined && { every }),
  };
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
