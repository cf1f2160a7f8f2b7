import {
  type Attrs,
  type AttrValue,
  i64Tensor,
  type OpRegistry,
  type TensorData,
  type TensorType,
  type Value,
  type VxError,
} from "@vlm-export/ir";
import { importOpForm } from "../errors.js";
import { opaque } from "./attributes.js";
import type { Frame } from "./frame.js";
import type { GraphBuilder } from "./graph-builder.js";
import { irNameOf, type NodeBuilder, type SourceNode } from "./rule.js";

/** Builds what a rule says for one source node. */
export class NodeEmitter implements NodeBuilder {
  private readonly source: SourceNode;
  private readonly builder: GraphBuilder;
  private readonly frame: Frame;

  constructor(source: SourceNode, builder: GraphBuilder, frame: Frame) {
    this.source = source;
    this.builder = builder;
    this.frame = frame;
  }

  get ops(): OpRegistry {
    return this.builder.context.ops;
  }

  emit(op: string, inputs: readonly (Value | null)[], attrs: Attrs = {}, slots?: readonly number[]): Value {
    const { outputs } = this.source;
    return this.insert(op, inputs, attrs, slots ? slots.map((slot) => outputs[slot] ?? null) : outputs);
  }

  inner(op: string, inputs: readonly (Value | null)[], attrs: Attrs = {}): Value {
    return this.inners(op, inputs, attrs, 1)[0] as Value;
  }

  inners(op: string, inputs: readonly (Value | null)[], attrs: Attrs, count: number): readonly Value[] {
    const name = `${this.source.name}/${op}`;
    const outputs = Array.from({ length: count }, (_, i) => this.builder.freshName(i === 0 ? name : `${name}_out${i}`));
    return this.builder.insert(op, inputs, attrs, { name, outputs, origin: [this.source.name] });
  }

  constant(suffix: string, data: TensorData): Value {
    return this.builder.addConstant(this.builder.freshName(`${this.source.name}/${suffix}`), data);
  }

  ints(suffix: string, ...values: readonly number[]): Value {
    return this.constant(suffix, i64Tensor(values));
  }

  bind(slot: number, value: Value): void {
    const name = this.source.outputs[slot];
    if (name !== null && name !== undefined) this.frame.define(name, value);
  }

  isRead(slot: number): boolean {
    const name = this.source.outputs[slot];
    return name !== null && name !== undefined && this.frame.isRead(name);
  }

  refuse(why: string, hint?: string): VxError {
    const { op, domain, name } = this.source;
    return importOpForm({ file: this.builder.context.file, node: name }, irNameOf(domain, op), why, hint);
  }

  /** The node as the source has it; attributes of an op that the registry does not know stay encoded. */
  emitAsIs(): void {
    const { op, domain, inputs, outputs, attrs } = this.source;
    const name = irNameOf(domain, op);
    this.insert(name, inputs, this.builder.context.ops.get(name) ? attrs : this.encodedAttrs(), outputs);
  }

  private encodedAttrs(): Attrs {
    const attrs: Record<string, AttrValue> = Object.create(null) as Record<string, AttrValue>;
    for (const attribute of this.source.proto.attributes) {
      const value = this.source.attrs[attribute.name] as AttrValue;
      attrs[attribute.name] = attribute.kind === "graph" ? value : opaque(attribute);
    }
    return attrs;
  }

  private insert(op: string, inputs: readonly (Value | null)[], attrs: Attrs, names: readonly (string | null)[]): Value {
    const { name, captures } = this.source;
    const outputs = names.map((output) => (output === null ? null : this.frame.resultName(output)));
    const types = names.map((output) => (output === null ? undefined : this.declared(output)));
    const values = this.builder.insert(op, inputs, attrs, { name, outputs, types, origin: [name], captures });
    const given = names.filter((output) => output !== null);
    for (const [i, output] of given.entries()) this.frame.define(output, values[i] as Value);
    return values[0] as Value;
  }

  /** Types declared for names of a graph; names inside a function mean other values. */
  private declared(output: string): TensorType | undefined {
    return this.frame.bindings ? undefined : this.builder.typeOf(output);
  }
}
