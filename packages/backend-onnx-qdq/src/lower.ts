import type { BackendContext, ConstantLocation, Reencoding, TensorLocation } from "@vlm-export/backend-api";
import { cloneGraph, type Graph, GraphEditor, type Model, runPasses, storedTensor } from "@vlm-export/ir";
import { type LoweredOnnx, lowerToOnnx } from "@vlm-export/lowering-onnx";
import { expansionsFor, removeDead } from "@vlm-export/passes";
import { fileNameOf } from "./files.js";
import type { OnnxQdqOptions } from "./options.js";
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
  const { ops, options } = context;
  const components = [...model.components].map(([component, graph]): OnnxQdqComponent => {
    const file = fileNameOf(component, model.components.size);
    const { written, shifted } = writtenForm(graph, context);
    const lowered = lowerToOnnx(written, {
      ops,
      opset: "lowest",
      zeroPoints: options.zeroPoints,
      model,
      producer: { name: "vlm-export", version: VERSION },
    });
    const place = { component, file };
    return { file, lowered, tensors: locations(place, graph, { lowered, shifted }), constants: constantLocations(place, graph, lowered) };
  });
  return { components };
}

/** The graph as it is written, and the names of the values whose integers are shifted. */
interface WrittenForm {
  readonly written: Graph;
  readonly shifted: ReadonlySet<string>;
}

/** A copy in which composite operators newer than the asked opset are expanded, and int8 is uint8 where that is asked for. */
function writtenForm(graph: Graph, { ops, options, report }: BackendContext<OnnxQdqOptions>): WrittenForm {
  const expansions = expansionsFor(options.opset);
  const isUnsigned = options.signedness === "unsigned";
  if (expansions.length === 0 && !isUnsigned) return { written: graph, shifted: new Set() };
  const edit = new GraphEditor(ops, cloneGraph(graph).graph);
  if (expansions.length > 0) runPasses(edit, [...expansions, removeDead], { ops, report });
  return { shifted: isUnsigned ? makeUnsigned(edit) : new Set(), written: edit.graph };
}

interface Place {
  readonly component: string;
  readonly file: string;
}

/** The key is `file#name` of the integers, or of the scale where an activation has no integers in the file. */
function locations(
  { component, file }: Place,
  graph: Graph,
  { lowered, shifted }: { readonly lowered: LoweredOnnx; readonly shifted: ReadonlySet<string> },
): readonly TensorLocation[] {
  return [...lowered.quantized].map(([value, names]) => {
    const type = graph.value(value)?.type;
    const isWidened = type?.quant?.scale !== undefined && type.quant.scale.dtype !== type.dtype;
    const reencodings: readonly Reencoding[] = [
      ...(isWidened ? ["widen-scale" as const] : []),
      ...(shifted.has(value) ? ["sign-shift" as const] : []),
    ];
    return { component, value, key: `${file}#${names.ints ?? names.scale}`, reencodings };
  });
}

/** Constants of the graph that are stored as they are, or as the 16-bit floats that they are read from; text has no raw bytes to compare. */
function constantLocations({ component, file }: Place, graph: Graph, { initializers }: LoweredOnnx): readonly ConstantLocation[] {
  return [...initializers].flatMap(([name, { value, data }]): readonly ConstantLocation[] => {
    const known = graph.value(value);
    if (!known?.data || storedTensor(known.data) !== data || known.type.quant || data.dtype === "string") return [];
    return [{ component, value, key: `${file}#${name}` }];
  });
}
