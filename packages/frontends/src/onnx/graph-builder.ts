import { type GraphEditor, type InsertOptions, type TensorData, type TensorType, type Value, VxError } from "@vlm-export/ir";
import { importDuplicateName } from "../errors.js";
import type { ImportContext } from "./import-context.js";

/** What the source says of a graph before its nodes are built. */
interface Declared {
  readonly types: ReadonlyMap<string, TensorType>;
  /** Names that the source gives to values; invented ones keep clear of them. */
  readonly reserved: ReadonlySet<string>;
}

const UNKNOWN: TensorType = { dtype: "unknown", shape: undefined };

/** Builds one IR graph; turns the editor's name and shape errors into ones that name the file. */
export class GraphBuilder {
  readonly edit: GraphEditor;
  readonly context: ImportContext;
  private readonly declared: Declared;
  private unnamed = 0;

  constructor(edit: GraphEditor, context: ImportContext, declared: Declared) {
    this.edit = edit;
    this.context = context;
    this.declared = declared;
  }

  /** What the source declares of a value. */
  typeOf(name: string): TensorType | undefined {
    return this.declared.types.get(name);
  }

  addInput(name: string): Value {
    this.claim(name);
    return this.edit.addInput(name, this.typeOf(name) ?? UNKNOWN);
  }

  addConstant(name: string, data: TensorData): Value {
    this.claim(name);
    return this.edit.addConstant(name, data);
  }

  /** The graph output `name`: `value` itself when it bears that name, else an Identity of it. */
  addOutput(name: string, value: Value): void {
    const [bearer] = value.name === name ? [value] : this.insert("Identity", [value], {}, { outputs: [name], types: [value.type] });
    this.edit.addOutput(bearer as Value);
  }

  /** As the editor's `insert`; throws VX-IMPORT-DUPLICATE-NAME and VX-OP-* with the file. */
  insert(...[op, inputs, attrs, options]: Parameters<GraphEditor["insert"]>): readonly Value[] {
    for (const name of options?.outputs ?? []) if (name !== null) this.claim(name, options);
    try {
      return this.edit.insert(op, inputs, attrs, options);
    } catch (error) {
      if (!(error instanceof VxError)) throw error;
      const { diagnostic } = error;
      throw new VxError({ ...diagnostic, where: { ...diagnostic.where, file: this.context.file } }, { cause: error });
    }
  }

  /** A name that neither the graph nor the source uses. */
  freshName(base: string): string {
    let name = this.edit.freshName(base);
    for (let n = 1; this.declared.reserved.has(name); n += 1) name = this.edit.freshName(`${base}_${n}`);
    return name;
  }

  /** A name for a node that has none: names are optional in ONNX. */
  freshNodeName(op: string): string {
    return this.freshName(`${op || "node"}_${this.unnamed++}`);
  }

  private claim(name: string, options?: InsertOptions): void {
    if (!this.edit.graph.value(name)) return;
    const { file } = this.context;
    throw importDuplicateName({ file, value: name, ...(options?.name !== undefined && { node: options.name }) }, "value", name);
  }
}
