import {
  captureIn,
  definitionOf,
  type Graph,
  GraphEditor,
  type GraphPlace,
  isRead,
  type Node,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
import { codeOfDtype, IR_OPSET, operatorAt } from "@vlm-export/ops";
import { quantF16Range } from "../errors.js";
import { wideValues } from "../needs.js";
import { extremesOf } from "../statistics.js";
import { F16_LARGEST, halfConstant } from "../weights/float-constant.js";
import { placeInCopy } from "./inside.js";
import { nodeOf, type Rewrite } from "./rewrite.js";

/**
 * Makes the nodes of `keep: float16` compute in f16: operands are cast there, constants are stored as f16, results are cast back.
 * Between two such nodes there is no cast. A node that reads or gives numbers beyond 65504 stays as it is, with a warning; what nodes inside
 * operators read and give is not observed.
 */
export function keepHalf(rewrite: Rewrite): void {
  const constants = new Map<Value, Value>();
  const graphs = new Map<Graph, Halves>();
  for (const { node, dtype, within } of rewrite.plan.keeps) {
    const twin = dtype === "f16" ? nodeOf(rewrite, node) : undefined;
    if (!twin) continue;
    const place = within ? placeInCopy(rewrite, within) : { graph: rewrite.edit.graph, path: "" };
    const halves = graphs.get(place.graph) ?? new Halves(rewrite, place, constants);
    graphs.set(place.graph, halves);
    halves.convert(twin, node);
  }
  for (const halves of graphs.values()) halves.finish();
}

const STAYS = "stays in its own float type";

/** f16 forms of the values of one graph, as far as they exist. */
class Halves {
  private readonly rewrite: Rewrite;
  private readonly place: GraphPlace;
  private readonly edit: GraphEditor;
  /** f16 forms of constants, each in the graph of the constant. */
  private readonly constants: Map<Value, Value>;
  private readonly forms = new Map<Value, Value>();
  private readonly casts: Node[] = [];

  constructor(rewrite: Rewrite, place: GraphPlace, constants: Map<Value, Value>) {
    this.rewrite = rewrite;
    this.place = place;
    this.edit = place.holder ? new GraphEditor(rewrite.edit.ops, place.graph) : rewrite.edit;
    this.constants = constants;
  }

  convert(node: Node, original: Node): void {
    const { edit } = this;
    const wide = node.inputs.map((value, index) => (value && isWide(value) && takesHalf(node, index) ? value : undefined));
    if (!this.valuesFit(original) || !this.constantsFit(node, wide)) return;
    const inputs = node.inputs.map((value, i) => (wide[i] ? this.half(wide[i]) : value));
    const outputs = node.outputs.map((value) => value && edit.freshName(`${value.name}_f16`));
    const { attrs, origin, captures, role } = node;
    const made = edit.insert(node.op, inputs, attrs, {
      name: `${node.name}_f16`,
      outputs,
      types: node.outputs.map((value) => (value ? { dtype: "unknown", shape: value.type.shape } : undefined)),
      origin,
      captures,
      ...(role !== undefined && { role }),
    });
    const live = node.outputs.filter((value) => value !== null);
    live.forEach((value, i) => this.takeOver(value, made[i] as Value));
    edit.erase(node);
    this.rewrite.replaced.add(original);
  }

  /** Casts back to a type that nobody reads any more are dead. */
  finish(): void {
    const { edit } = this;
    for (const cast of this.casts) {
      const [value] = cast.outputs;
      if (value && !isRead(edit.graph, value)) edit.erase(cast);
    }
    edit.settle();
  }

  /** What was observed of the node's values; nothing where there is no data, and inside operators. */
  private valuesFit(node: Node): boolean {
    if (this.place.holder) return true;
    const { equalization, report } = this.rewrite;
    for (const value of wideValues(node)) {
      const seen = equalization.seen(value);
      const largest = Math.max(0, ...(seen ? extremesOf(seen) : []).filter(Number.isFinite).map(Math.abs)); // f16 has infinities
      if (largest <= F16_LARGEST) continue;
      report(quantF16Range(value.name, node.name, { largest, so: STAYS }));
      return false;
    }
    return true;
  }

  private constantsFit(node: Node, values: readonly (Value | undefined)[]): boolean {
    for (const value of values) {
      const constant = value && definitionOf(this.place, value).value;
      if (!value || !constant?.data || constant.type.quant || this.forms.has(value)) continue;
      const half = halfConstant(constant.data, this.rewrite.tools.kernels);
      if ("largest" in half) {
        this.rewrite.report(quantF16Range(constant.name, this.place.path + node.name, { largest: half.largest, so: STAYS }));
        return false;
      }
      this.addConstant(value, half);
    }
    return true;
  }

  private addConstant(value: Value, half: TensorData): void {
    const { ops } = this.edit;
    const { place, value: constant } = definitionOf(this.place, value);
    const edit = new GraphEditor(ops, place.graph);
    const form = this.constants.get(constant) ?? edit.addConstant(edit.freshName(`${constant.name}_f16`), half, undefined, constant.role);
    this.constants.set(constant, form);
    this.forms.set(value, captureIn(ops, this.place, form, { dtype: "f16", shape: undefined }));
  }

  /** The f16 form of a value: the source of a cast back, or a cast. */
  private half(value: Value): Value {
    const known = this.forms.get(value);
    if (known) return known;
    const form = this.cast(value, "f16", `${value.name}_f16`);
    this.forms.set(value, form);
    return form;
  }

  private takeOver(old: Value, made: Value): void {
    const { edit } = this;
    if (made.type.dtype !== "f16" || old.type.dtype === "f16") {
      edit.replaceAllUses(old, made);
      return;
    }
    const back = this.cast(made, old.type.dtype, `${old.name}_back`);
    if (old.type.quant) edit.retype(back, { ...back.type, quant: old.type.quant });
    edit.replaceAllUses(old, back);
    if (!old.type.quant) this.forms.set(back, made);
  }

  private cast(value: Value, dtype: string, name: string): Value {
    const { edit } = this;
    const to = codeOfDtype(dtype as Value["type"]["dtype"]) as number;
    const [result] = edit.insert(
      "Cast",
      [value],
      { to },
      { name: edit.freshName(`${name}_cast`), outputs: [edit.freshName(name)], origin: value.producer?.origin ?? [] },
    );
    this.casts.push((result as Value).producer as Node);
    return result as Value;
  }
}

function isWide({ type: { dtype } }: Value): boolean {
  return dtype === "f32" || dtype === "bf16";
}

/** False for operands that the operator only takes in f32, such as the scales of Resize. */
function takesHalf({ op }: Node, index: number): boolean {
  const form = operatorAt(op, IR_OPSET);
  const parameter = form && (form.inputs[index] ?? form.inputs.at(-1));
  return !form || !parameter || (form.types.get(parameter.type)?.has("f16") ?? false);
}
