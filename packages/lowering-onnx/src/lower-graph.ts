import { type OnnxGraph, type OnnxNode, onnxGraph, onnxNode } from "@vlm-export/formats/onnx";
import { besideSources, definedValues, type Graph, type Node, type TensorData, type Value } from "@vlm-export/ir";
import { attributesOf } from "./attributes.js";
import { expansionOf } from "./expand/expansions.js";
import { GraphWriter } from "./graph-writer.js";
import { integersBehind } from "./integers-behind.js";
import { leavesLast } from "./leaves-last.js";
import type { LowerContext } from "./lower-context.js";
import { addDynamic } from "./qdq/dynamic.js";
import {
  addDequantize,
  addQparams,
  addQuantize,
  castTo,
  type QparamNames,
  type Qparams,
  qparamsOf,
  type QuantizedValue,
} from "./qdq/pair.js";
import { addTaps } from "./taps.js";
import { valueInfoOf } from "./value-info.js";

/**
 * One graph, and the graphs nested in it, as an ONNX graph. Names of inputs, outputs and values stay; readers of a quantized value
 * read `<value>_dequantized`, except that a quantized output of the graph itself bears the value's name.
 */
export function lowerGraph(graph: Graph, context: LowerContext): OnnxGraph {
  return lowerIn(graph, context, { readers: new Map(), constants: new Map(), names: new Set() });
}

/** A quantized constant as every graph that reads it writes it. */
interface QuantizedConstant {
  readonly quantized: QuantizedValue;
  readonly data: TensorData;
  readonly qparams: Qparams;
  /** Defined by the outermost graph. */
  readonly isOutermost: boolean;
}

/** What a nested graph sees of those around it. */
interface Surroundings {
  /** ONNX names of its captures, by their name inside. */
  readonly readers: ReadonlyMap<string, string>;
  /** Captures that are quantized constants, by their name inside. */
  readonly constants: ReadonlyMap<string, QuantizedConstant>;
  /** Names of all values around it, which none of its own may have in ONNX. */
  readonly names: ReadonlySet<string>;
}

function lowerIn(graph: Graph, context: LowerContext, outer: Surroundings): OnnxGraph {
  const lowering = new GraphLowering(graph, context, outer);
  lowering.run();
  return lowering.finish();
}

/**
 * The nodes, where those from `first` on are of taps. These stand beside what they read but for the last of each: ONNX Runtime sorts a graph with a
 * list of the nodes that are ready, through which it steps for each node.
 */
function withTaps(nodes: readonly OnnxNode[], first: number): readonly OnnxNode[] {
  return leavesLast(besideSources(nodes, first, { reads: ({ inputs }) => inputs, gives: ({ outputs }) => outputs }));
}

class GraphLowering {
  private readonly graph: Graph;
  private readonly context: LowerContext;
  /** The context tells what becomes of values of the outermost graph alone: names of others may be those of a graph beside theirs. */
  private readonly isOutermost: boolean;
  private readonly writer: GraphWriter;
  /** Name under which nodes read a value. */
  private readonly readers = new Map<Value, string>();
  private readonly outputs: ReadonlySet<Value>;
  /** Names of values that could not keep theirs. */
  private readonly renamed = new Map<Value, string>();
  private readonly outer: Surroundings;
  /** Names under which nested graphs read values that have Q/DQ operators for them alone. */
  private readonly held = new Map<Value, string>();
  /** Initializers of plain constants, by what they store. */
  private readonly stored = new Map<TensorData, string>();
  private readonly constants = new Map<Value, QuantizedConstant>();
  /** Qparams in this graph, of values whose integers a nested graph may get moved. */
  private readonly qparams = new Map<Value, QparamNames>();
  private visibleNames: ReadonlySet<string> | undefined;

  constructor(graph: Graph, context: LowerContext, outer: Surroundings) {
    this.graph = graph;
    this.context = context;
    this.isOutermost = context.graph === graph;
    this.writer = new GraphWriter(context.names, context.opset);
    this.outputs = new Set(graph.outputs);
    this.outer = outer;
    for (const value of graph.captures) this.readers.set(value, outer.readers.get(value.name) ?? value.name);
    for (const value of definedValues(graph)) if (outer.names.has(value.name)) this.renamed.set(value, context.names.value(value.name));
  }

  /**
   * The nodes of constants come first: of the operands of a node, ONNX Runtime computes those that stand later in the file first, and so casts or
   * dequantizes a weight that it does not fold just before it is read, not all of them before the first run of anything else.
   */
  run(): void {
    for (const value of this.graph.inputs) this.addActivation(value, this.nameOf(value));
    for (const value of this.graph.captures) this.addCapture(value);
    for (const value of this.graph.constants) if (!value.data?.narrow) this.addConstant(value);
    for (const value of this.graph.constants) if (value.data?.narrow) this.addConstant(value);
    for (const node of this.graph.nodes) this.addNode(node);
  }

  finish(): OnnxGraph {
    const { graph, writer, context } = this;
    const declared = graph.outputs.map((value) => valueInfoOf(this.outputName(value), value.type));
    const first = writer.nodes.length;
    const taps = this.isOutermost ? addTaps(graph, context, { writer, outputs: this.outputs, reader: (value) => this.reader(value) }) : [];
    return onnxGraph({
      name: graph.name || "graph",
      docString: this.isOutermost ? context.description : "",
      nodes: taps.length > 0 ? withTaps(writer.nodes, first) : writer.nodes,
      initializers: writer.initializers,
      inputs: graph.inputs.map((value) => valueInfoOf(this.nameOf(value), value.type)),
      outputs: [...declared, ...taps],
      valueInfo: graph.nodes.flatMap((node) => this.opaqueTypes(node)),
    });
  }

  /** An output bears the value's name; one that is a value of the enclosing graph goes through an Identity, as ONNX wants. */
  private outputName(value: Value): string {
    if (!this.graph.captures.includes(value)) return this.nameOf(value);
    return this.writer.node("Identity", [this.reader(value)], [this.writer.names.value(`${value.name}_out`)]);
  }

  private reader(value: Value): string {
    return this.readers.get(value) ?? this.nameOf(value);
  }

  /**
   * Name under which a nested graph reads a value. ONNX Runtime moves DequantizeLinear past operators that move elements, and ends the
   * process when a nested graph reads the result: there the same integers pass a second Q/DQ, which changes nothing and stays in place.
   */
  private capturedReader(value: Value): string {
    const source = integersBehind(value);
    const names = source && this.qparams.get(source);
    if (!source?.type.quant || !names) return this.reader(value);
    const known = this.held.get(value);
    if (known !== undefined) return known;
    const { writer } = this;
    const quantized: QuantizedValue = {
      name: this.nameOf(value),
      type: value.type,
      spec: this.constants.get(source)?.quantized.spec ?? source.type.quant,
    };
    const output = writer.names.value(`${quantized.name}_dequantized`);
    addDequantize(quantized, addQuantize(quantized, this.reader(value), names, writer), output, { names, writer });
    this.held.set(value, output);
    return output;
  }

  /** Names that graphs nested in this one must keep clear of. */
  private namesInside(): ReadonlySet<string> {
    this.visibleNames ??= new Set([...this.outer.names, ...definedValues(this.graph).map(({ name }) => name)]);
    return this.visibleNames;
  }

  private nameOf(value: Value): string {
    return this.renamed.get(value) ?? value.name;
  }

  /** Writes integers, qparams and DequantizeLinear of a quantized constant, or the plain constant; nothing for an unused one. */
  private addConstant(value: Value): void {
    const { data, type } = value;
    const name = this.nameOf(value);
    if (!data || (this.graph.users(value).length === 0 && !this.outputs.has(value))) return;
    if (!type.quant) return this.addPlain(name, data);
    const quantized: QuantizedValue = { name, type, spec: type.quant };
    const qparams = qparamsOf(quantized, this.context.zeroPoints === "always");
    this.addQuantized(value, { quantized, data, qparams, isOutermost: this.isOutermost });
  }

  private addCapture(value: Value): void {
    const constant = this.outer.constants.get(value.name);
    if (constant) this.addQuantized(value, constant);
  }

  /**
   * A quantized constant in a graph with nodes that read it; those inside have their own, of the same data: ONNX Runtime fuses
   * DequantizeLinear with a product of its graph alone, and refuses a model whose integers lie in a graph around.
   */
  private addQuantized(value: Value, constant: QuantizedConstant): void {
    this.constants.set(value, constant);
    const isOutput = this.outputs.has(value);
    if (!isOutput && !this.graph.users(value).some(({ inputs }) => inputs.includes(value))) return;
    const { quantized, data, qparams } = constant;
    const { name } = quantized;
    const ints = this.writer.initializer(`${name}_quantized`, data);
    const names = addQparams(name, qparams, this.writer);
    const output = isOutput && value.data ? this.nameOf(value) : this.writer.names.value(`${name}_dequantized`);
    addDequantize(quantized, ints, output, { names, writer: this.writer });
    this.readers.set(value, output);
    this.qparams.set(value, names);
    if (!constant.isOutermost) return;
    this.context.initializers.set(ints, { value: name, data });
    const first = this.context.quantized.get(name);
    if (first) first.copies.push(ints);
    else this.context.quantized.set(name, { ints, copies: [], ...names });
  }

  /** A widened constant is stored once as the 16-bit floats that it is, and a Cast bears its name. */
  private addPlain(name: string, data: TensorData): void {
    if (!data.narrow) {
      this.writer.addNamed(name, data);
      this.stored.set(data, name);
      this.record(name, name, data);
      return;
    }
    const known = this.stored.get(data.narrow);
    const narrow = known ?? this.writer.initializer(`${name}_${data.narrow.dtype}`, data.narrow);
    if (known === undefined) this.record(narrow, name, data.narrow);
    this.stored.set(data.narrow, narrow);
    this.writer.node("Cast", [narrow], [name], { base: `${name}_widen`, attributes: [castTo("f32")] });
  }

  /** vlm::Quantize is nothing but the Q/DQ operators of its result. */
  private addNode(node: Node): void {
    const inputs = node.inputs.map((value) => (value ? this.reader(value) : ""));
    if (node.op === "vlm::Quantize" && node.outputs[0]?.type.quant) return this.addActivation(node.outputs[0], inputs[0] as string);
    const raw = node.outputs.map((value) => (value ? this.rawName(value) : ""));
    const expand = expansionOf(node.op);
    if (expand) expand({ node, inputs, outputs: raw }, this.writer);
    else this.copyNode(node, inputs, raw);
    for (const [i, value] of node.outputs.entries()) if (value) this.addActivation(value, raw[i] as string);
  }

  private copyNode(node: Node, inputs: readonly string[], outputs: readonly string[]): void {
    const [domain, opType] = splitName(node.op);
    const constants = new Map<string, QuantizedConstant>();
    for (const [inside, value] of node.captures) {
      const constant = this.constants.get(value);
      if (constant) constants.set(inside, constant);
    }
    const floats = [...node.captures].filter(([inside]) => !constants.has(inside));
    const captured = new Map(floats.map(([inside, value]) => [inside, this.capturedReader(value)]));
    const attributes = attributesOf(node, {
      opset: this.context.opset,
      lowerGraph: (nested) => lowerIn(nested, this.context, { readers: captured, constants, names: this.namesInside() }),
    });
    this.context.domains.add(domain);
    this.writer.nodes.push(onnxNode({ opType, domain, name: node.name, inputs, outputs, attributes }));
  }

  /** Name that the producer itself writes: that of the value, unless a Q/DQ pair takes it over as a graph output. */
  private rawName(value: Value): string {
    const name = this.nameOf(value);
    return value.type.quant && this.outputs.has(value) ? this.writer.names.value(`${name}_float`) : name;
  }

  /** Adds the Q/DQ operators of an activation that its producer, or the caller, gives as `raw`. */
  private addActivation(value: Value, raw: string): void {
    const { type } = value;
    const name = this.nameOf(value);
    const isInput = !value.producer;
    if (!type.quant || (isInput && this.graph.users(value).length === 0)) return;
    const quantized: QuantizedValue = { name, type, spec: type.quant };
    const takesName = this.outputs.has(value) && !isInput;
    const output = takesName ? name : this.writer.names.value(`${name}_dequantized`);
    if (type.quant.mode === "dynamic") addDynamic(quantized, raw, output, this.writer);
    else {
      const names = addQparams(name, qparamsOf(quantized, true), this.writer);
      addDequantize(quantized, addQuantize(quantized, raw, names, this.writer), output, { names, writer: this.writer });
      this.qparams.set(value, names);
      if (this.isOutermost) this.context.quantized.set(name, { ints: undefined, copies: [], ...names });
    }
    this.readers.set(value, output);
  }

  private record(initializer: string, value: string, data: TensorData): void {
    if (this.isOutermost) this.context.initializers.set(initializer, { value, data });
  }

  /** Types that no reader of the file could infer: results of operators that the registry does not know. */
  private opaqueTypes(node: Node) {
    if (this.context.ops.get(node.op)) return [];
    const results = node.outputs.filter((value) => value !== null && !this.outputs.has(value) && value.type.dtype !== "unknown");
    return results.map((value) => valueInfoOf(this.nameOf(value as Value), (value as Value).type));
  }
}

/** Domain and operator of a registry key. */
function splitName(op: string): readonly [domain: string, opType: string] {
  const at = op.lastIndexOf("::");
  return at < 0 ? ["", op] : [op.slice(0, at), op.slice(at + 2)];
}
