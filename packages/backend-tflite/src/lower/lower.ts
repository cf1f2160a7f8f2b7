import type { BackendContext } from "@vlm-export/backend-api";
import type { Diagnostic, Model } from "@vlm-export/ir";
import { lowerSummary } from "../errors.js";
import { formatKey } from "../key.js";
import type { TargetFile, TargetModel, TfliteTargetOptions } from "../target-model.js";
import { lowerGraph } from "./lower-graph.js";

/** Each component as one .tflite file `<component>.tflite`. Throws VX-LOWER-TFLITE-*. */
export function lowerModel(model: Model, context: BackendContext<TfliteTargetOptions>): TargetModel {
  const taken = new Set<string>();
  return [...model.components].map(([component, graph]): TargetFile => {
    const { model: file, carried, plain, operators } = lowerGraph(component, graph, context.options.io);
    const path = freshPath(component, taken);
    context.report(summaryOf(component, operators));
    const tensors = carried.map(({ value, places, reencodings }) => ({
      component,
      value: value.name,
      key: formatKey({ path, places }),
      reencodings,
    }));
    const constants = [...plain].map(([value, places]) => ({ component, value: value.name, key: formatKey({ path, places }) }));
    return { component, path, model: file, tensors, constants };
  });
}

/** Component names are free text; file names are not, and some file systems know no case. */
function freshPath(component: string, taken: Set<string>): string {
  const base = component.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_") || "model";
  let path = `${base}.tflite`;
  for (let n = 1; taken.has(path.toLowerCase()); n += 1) path = `${base}_${n}.tflite`;
  taken.add(path.toLowerCase());
  return path;
}

function summaryOf(component: string, operators: ReadonlyMap<string, number>): Diagnostic {
  const conversions = (operators.get("DEQUANTIZE") ?? 0) + (operators.get("QUANTIZE") ?? 0);
  return lowerSummary(
    component,
    [...operators.values()].reduce((a, b) => a + b, 0),
    conversions,
  );
}
