import { BITS, byteLengthOf, type DType } from "./dtype.js";
import { GraphEditor } from "./editor.js";
import type { Attrs, AttrValue, Graph, Value } from "./graph.js";
import type { OpRegistry } from "./op-def.js";
import { elementCount, type TensorData } from "./tensor-data.js";
import { TextScanner } from "./text-scanner.js";
import type { Dim, Granularity, QuantSpec, TensorType } from "./types.js";
import { widenedTensor } from "./widened-tensor.js";

export interface ParseOptions {
  /** Finds constants that were printed by hash only. Without it such a constant is an error. */
  readonly resolve?: (sha256: string, dtype: DType, shape: readonly number[]) => TensorData | undefined;
  /** Shape rules to run; by default types are taken as written. */
  readonly ops?: OpRegistry;
}

const NO_OPS: OpRegistry = { get: () => undefined, all: new Map() };

/** Reads the text form of one graph back. Throws VX-IMPORT-IR-TEXT with the line. */
export function parseGraph(text: string, options: ParseOptions = {}): Graph {
  const scanner = new TextScanner(text);
  const graph = new GraphParser(scanner, options).graph();
  if (scanner.peek !== "") throw scanner.error("expected the end of the text");
  return graph;
}

class GraphParser {
  private readonly scan: TextScanner;
  private readonly options: ParseOptions;

  constructor(scanner: TextScanner, options: ParseOptions) {
    this.scan = scanner;
    this.options = options;
  }

  graph(): Graph {
    this.scan.expect("graph");
    const edit = new GraphEditor(this.options.ops ?? NO_OPS, this.scan.word());
    this.scan.expect("{");
    while (!this.scan.accept("return")) this.statement(edit);
    while (!this.scan.accept("}")) {
      edit.addOutput(this.reference(edit));
      this.scan.accept(",");
    }
    return edit.graph;
  }

  private statement(edit: GraphEditor): void {
    if (this.scan.accept("input")) edit.addInput(...this.typed());
    else if (this.scan.accept("capture")) edit.addCapture(...this.typed());
    else if (this.scan.accept("const")) this.constant(edit);
    else this.node(edit);
  }

  private constant(edit: GraphEditor): void {
    const [name, type] = this.typed();
    this.scan.expect("=");
    const data = this.tensor();
    edit.addConstant(name, data, type, this.role());
  }

  private node(edit: GraphEditor): void {
    const outputs: (readonly [string, TensorType] | null)[] = [];
    do outputs.push(this.scan.accept("_") ? null : this.typed());
    while (this.scan.accept(","));
    this.scan.expect("=");
    const op = this.scan.word();
    this.scan.expect("(");
    const inputs = this.scan.list(")", () => (this.scan.accept("_") ? null : this.reference(edit)));
    const attrs = this.scan.accept("{") ? this.attrs() : {};
    const captures = this.scan.accept("captures") ? this.captures(edit) : undefined;
    this.scan.expect("name");
    const name = this.scan.word();
    const origin = this.scan.accept("origin") ? this.strings() : [];
    const role = this.role();
    edit.insert(op, inputs, attrs, {
      name,
      origin,
      outputs: outputs.map((output) => output?.[0] ?? null),
      types: outputs.map((output) => output?.[1]),
      ...(captures && { captures }),
      ...(role !== undefined && { role }),
    });
  }

  private typed(): [name: string, type: TensorType] {
    this.scan.expect("%");
    const name = this.scan.word();
    this.scan.expect(":");
    return [name, this.type()];
  }

  private type(): TensorType {
    const dtype = this.dtype();
    const shape = this.scan.accept("?") ? undefined : this.dims();
    const foreign = this.scan.accept("foreign") ? this.scan.bytes() : undefined;
    const quant = this.scan.accept("quant") ? this.quant() : undefined;
    return { dtype, shape, ...(foreign && { foreign }), ...(quant && { quant }) };
  }

  private dims(): readonly Dim[] {
    this.scan.expect("[");
    return this.scan.list("]", () => (/^\d/.test(this.scan.peek) ? this.scan.number() : this.scan.word()));
  }

  private quant(): QuantSpec {
    this.scan.expect("(");
    const storage = this.dtype();
    const range = this.pair();
    const granularity = this.scan.word() as Granularity;
    const mode = this.scan.word() as QuantSpec["mode"];
    const scale = this.scan.accept("scale") ? this.tensor() : undefined;
    const zeroPoint = this.scan.accept("zeroPoint") ? this.tensor() : undefined;
    const realRange = this.scan.accept("real") ? this.pair() : undefined;
    this.scan.expect(")");
    return { storage, range, granularity, mode, ...(scale && { scale }), ...(zeroPoint && { zeroPoint }), ...(realRange && { realRange }) };
  }

  private pair(): readonly [number, number] {
    this.scan.expect("[");
    const [low, high] = this.scan.list("]", () => this.scan.number());
    if (low === undefined || high === undefined) throw this.scan.error("expected two numbers");
    return [low, high];
  }

  private tensor(): TensorData {
    if (this.scan.accept("widened")) return this.widened();
    const dtype = this.dtype();
    const shape = this.dims().map(Number);
    if (this.scan.accept("sha256")) return this.resolved(this.scan.word(), dtype, shape);
    this.scan.accept("raw");
    const bytes = this.scan.bytes();
    if (BITS[dtype] !== 0 && bytes.byteLength !== byteLengthOf(dtype, elementCount(shape)))
      throw this.scan.error(`${dtype}[${shape.join(", ")}] needs another number of bytes`);
    return { dtype, shape, byteLength: bytes.byteLength, bytes: (begin, end) => bytes.subarray(begin, end) };
  }

  private widened(): TensorData {
    const narrow = this.tensor();
    if (narrow.dtype !== "f16" && narrow.dtype !== "bf16") throw this.scan.error("expected f16 or bf16 elements after widened");
    return widenedTensor(narrow);
  }

  private resolved(sha256: string, dtype: DType, shape: readonly number[]): TensorData {
    const data = this.options.resolve?.(sha256, dtype, shape);
    if (!data) throw this.scan.error(`no data for the constant with SHA-256 ${sha256}`);
    return data;
  }

  private attrs(): Attrs {
    const attrs = Object.create(null) as Record<string, AttrValue>;
    this.scan.list("}", () => {
      const key = this.scan.word();
      this.scan.expect("=");
      attrs[key] = this.attr();
    });
    return attrs;
  }

  private attr(): AttrValue {
    const { scan } = this;
    if (scan.peek === "graph") return { kind: "graph", graph: this.graph() };
    if (scan.accept("opaque")) return { kind: "opaque", bytes: scan.bytes() };
    if (scan.accept("tensor")) return this.tensor();
    if (scan.accept("true")) return true;
    if (scan.accept("false")) return false;
    if (scan.accept("["))
      return scan.list("]", () => (scan.peek.startsWith('"') ? scan.word() : scan.number())) as readonly number[] | readonly string[];
    if (scan.peek.startsWith('"')) return scan.word();
    return scan.peek.endsWith("n") ? BigInt(scan.next().slice(0, -1)) : scan.number();
  }

  private captures(edit: GraphEditor): ReadonlyMap<string, Value> {
    this.scan.expect("{");
    return new Map(
      this.scan.list("}", () => {
        const name = this.scan.word();
        this.scan.expect("=");
        return [name, this.reference(edit)] as const;
      }),
    );
  }

  private strings(): readonly string[] {
    this.scan.expect("[");
    return this.scan.list("]", () => this.scan.word());
  }

  private role(): string | undefined {
    return this.scan.accept("role") ? this.scan.word() : undefined;
  }

  private reference(edit: GraphEditor): Value {
    this.scan.expect("%");
    const name = this.scan.word();
    const value = edit.graph.value(name);
    if (!value) throw this.scan.errorAtLast(`value is not defined before this line`);
    return value;
  }

  private dtype(): DType {
    const word = this.scan.word();
    if (!Object.hasOwn(BITS, word)) throw this.scan.error(`unknown element type ${word}`);
    return word as DType;
  }
}
