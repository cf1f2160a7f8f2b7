import { type BackendContext, type ConstantLocation, quantizedValues, type Reencoding, type TensorLocation } from "@vlm-export/backend-api";
import { cloneGraph, type Graph, GraphEditor, type Model, runPasses, storedTensor } from "@vlm-export/ir";
import { type LoweredOnnx, lowerToOnnx, quantOpsetOf } from "@vlm-export/lowering-onnx";
import { expansionsFor, removeDead } from "@vlm-export/passes";
import { lowerRaised } from "./errors.js";
import { fileNameOf } from "./files.js";
import { keyText } from "./key.js";
import type { OnnxQdqOptions } from "./options.js";
import { repeatColumnScales } from "./stacks.js";
import { makeUnsigned } from "./unsigned.js";
import { VERSION } from "./versions.js";

/** One ONNX model per component, and where each quantized value and plain constant lies. */
export interface OnnxQdqModel {
  readonly components: readonly OnnxQdqComponent[];
}

interface OnnxQdqComponent {
  readonly file: string;
  readonly lowered: LoweredOnnx;
  readonly tensors: readonly TensorLocation[];
  readonly constants: readonly ConstantLocation[];
}

export function lower(model: Model, context: BackendContext<OnnxQdqOptions>): OnnxQdqModel {
  const components = [...model.components].map(([component, graph]): OnnxQdqComponent => {
    const file = fileNameOf(component, model.components.size);
    const form = writtenForm(model, graph, context);
    tellRaised(component, graph, form, context);
    const place = { component, file };
    return {
      file,
      lowered: form.lowered,
      tensors: locations(place, graph, form),
      constants: constantLocations(place, graph, form.lowered),
    };
  });
  return { components };
}

function tellRaised(
  component: string,
  graph: Graph,
  { lowered }: WrittenForm,
  { options: { opset: asked }, report }: BackendContext<OnnxQdqOptions>,
): void {
  const written = opsetOf(lowered);
  if (written > asked) report(lowerRaised(component, { asked, written }, quantOpsetOf(graph) === written));
}

/** A component as it is written, and how its quantized values differ from the graph's. */
interface WrittenForm {
  readonly lowered: LoweredOnnx;
  /** Values whose integers are shifted to uint8. */
  readonly shifted: ReadonlySet<string>;
  /** Constants whose scales are repeated. */
  readonly repeated: ReadonlySet<string>;
}

/** Opset from which QuantizeLinear has `output_dtype`, which optimizations of ONNX Runtime set to int8 where they then make the integers uint8. */
const OUTPUT_DTYPE_OPSET = 21;

/** Lowers a copy in which composite operators newer than the asked opset are expanded. */
function writtenForm(model: Model, graph: Graph, { ops, options, report }: BackendContext<OnnxQdqOptions>): WrittenForm {
  const edit = new GraphEditor(ops, cloneGraph(graph).graph);
  const expansions = expansionsFor(options.opset);
  if (expansions.length > 0) runPasses(edit, [...expansions, removeDead], { ops, report });
  const repeated = repeatColumnScales(edit);
  const lowered = (): LoweredOnnx =>
    lowerToOnnx(edit.graph, {
      ops,
      opset: "lowest",
      zeroPoints: options.zeroPoints,
      model,
      producer: { name: "vlm-export", version: VERSION },
    });
  if (options.signedness !== "unsigned") {
    const signed = lowered();
    const isRefused = options.signedness === "auto" && opsetOf(signed) >= OUTPUT_DTYPE_OPSET && hasSignedActivations(graph);
    if (!isRefused) return { lowered: signed, shifted: new Set(), repeated };
  }
  const shifted = makeUnsigned(edit);
  return { lowered: lowered(), shifted, repeated };
}

/** Version of the standard operators that the model asks for. */
export function opsetOf({ model }: LoweredOnnx): number {
  return model.opsetImports.find(({ domain }) => domain === "")?.version ?? 0;
}

function hasSignedActivations(graph: Graph): boolean {
  return quantizedValues(graph).some(({ data, type }) => !data && type.quant?.storage === "i8");
}

interface Place {
  readonly component: string;
  readonly file: string;
}

/** The key names the integers, in every graph that holds them, or the scale where an activation has no integers in the file. */
function locations({ component, file }: Place, graph: Graph, { lowered, shifted, repeated }: WrittenForm): readonly TensorLocation[] {
  return [...lowered.quantized].map(([value, names]) => {
    const type = graph.value(value)?.type;
    const isWidened = type?.quant?.scale !== undefined && type.quant.scale.dtype !== type.dtype;
    const reencodings: readonly Reencoding[] = [
      ...(isWidened ? ["widen-scale" as const] : []),
      ...(repeated.has(value) ? ["replicate-scale" as const] : []),
      ...(shifted.has(value) ? ["sign-shift" as const] : []),
    ];
    return { component, value, key: keyText({ file, names: [names.ints ?? names.scale, ...names.copies] }), reencodings };
  });
}

/** Constants of the graph that are stored as they are, or as the 16-bit floats that they are read from; text has no raw bytes to compare. */
function constantLocations({ component, file }: Place, graph: Graph, { initializers }: LoweredOnnx): readonly ConstantLocation[] {
  return [...initializers].flatMap(([name, { value, data }]): readonly ConstantLocation[] => {
    const known = graph.value(value);
    if (!known?.data || storedTensor(known.data) !== data || known.type.quant || data.dtype === "string") return [];
    return [{ component, value, key: keyText({ file, names: [name] }) }];
  });
}
