import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OnnxAttribute, onnxGraph, onnxModel, onnxNode, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { type Diagnostic, type Graph, onlyComponent } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { importOnnx } from "../../index.js";

/** A node of com.microsoft whose operands are graph inputs. */
export interface ContribNode {
  readonly op: string;
  /** Shapes of the operands: f32, or i32 for those in `integers`; null for an omitted one. */
  readonly operands: readonly (readonly (number | string)[] | null)[];
  readonly integers?: readonly number[];
  readonly attributes?: readonly OnnxAttribute[];
  /** Results; default: one. */
  readonly results?: number;
}

export interface Imported {
  readonly graph: Graph;
  readonly ops: readonly string[];
  readonly found: readonly Diagnostic[];
}

/** Imports a model of two such nodes, "a" and "b", on the same operands. */
export async function importTwice({ op, operands, integers = [], attributes = [], results = 1 }: ContribNode): Promise<Imported> {
  const folder = mkdtempSync(join(tmpdir(), "contrib-"));
  const path = join(folder, "model.onnx");
  const inputs = operands.map((shape, i) => (shape ? `x${i}` : ""));
  const resultsOf = (name: string): readonly string[] => Array.from({ length: results }, (_, i) => (i === 0 ? name : `${name}${i}`));
  const layer = (name: string) => ({
    ...onnxNode({ opType: op, inputs, outputs: resultsOf(name), attributes }),
    name,
    domain: "com.microsoft",
  });
  const graph = onnxGraph({
    name: "main",
    nodes: [layer("a"), layer("b")],
    inputs: operands.flatMap((shape, i) => (shape ? [onnxValue(`x${i}`, integers.includes(i) ? "i32" : "f32", shape)] : [])),
    outputs: ["a", "b"].map((name) => onnxValue(name, "f32", undefined)),
  });
  const opsetImports = ["", "com.microsoft"].map((domain) => ({ domain, version: domain === "" ? 17 : 1 }));
  const found: Diagnostic[] = [];
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports, graph }), path);
  const model = onlyComponent(await importOnnx(path, { ops: standardOps(), report: (finding) => found.push(finding) }));
  rmSync(folder, { recursive: true });
  return { graph: model, ops: model.nodes.map((node) => node.op), found };
}
