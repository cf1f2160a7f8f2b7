import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilePool } from "@vlm-export/formats/files";
import {
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxValue,
  type OnnxValueInfo,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import { type Diagnostic, type Model, onlyComponent, printGraph, VxError } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { importOnnx } from "../index.js";

export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly OnnxAttribute[] = [],
): OnnxNode {
  return onnxNode({ opType, inputs, outputs, attributes });
}

export function foreign(domain: string, ...given: Parameters<typeof node>): OnnxNode {
  return { ...node(...given), domain };
}

/** What a graph takes and gives where nothing else is said. */
export const x: OnnxValueInfo = onnxValue("x", "f32", [2, "n"]);
export const y: OnnxValueInfo = onnxValue("y", "f32", undefined);

export async function errorOf(work: Promise<unknown>): Promise<Diagnostic> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof VxError) return error.diagnostic;
  throw error instanceof Error ? error : new Error("no error was thrown");
}

/** Writes models into a temporary folder and imports them. */
export class Imports {
  readonly pool: FilePool = new FilePool();
  readonly folder: string = mkdtempSync(join(tmpdir(), "import-onnx-"));
  private readonly ops = standardOps();
  private count = 0;

  async fileOf(graph: Partial<OnnxGraph>, model: Partial<OnnxModel> = {}, options = {}): Promise<string> {
    const path = join(this.folder, `m${this.count++}.onnx`);
    const given = { irVersion: 8, opsetImports: [{ domain: "", version: 17 }], ...model };
    await writeOnnx(onnxModel({ ...given, graph: onnxGraph({ name: "main", inputs: [x], outputs: [y], ...graph }) }), path, options);
    return path;
  }

  async imported(
    graph: Partial<OnnxGraph>,
    model: Partial<OnnxModel> = {},
    report: (finding: Diagnostic) => void = () => undefined,
  ): Promise<Model> {
    return importOnnx(await this.fileOf(graph, model), { ops: this.ops, pool: this.pool, report });
  }

  /** The lines of the graph's text form, without origins. */
  async textOf(graph: Partial<OnnxGraph>, model: Partial<OnnxModel> = {}): Promise<string[]> {
    const text = printGraph(onlyComponent(await this.imported(graph, model)));
    return text
      .split("\n")
      .slice(1, -2)
      .map((line) => line.trim().replace(/ origin .*/, ""));
  }

  close(): void {
    this.pool.close();
    rmSync(this.folder, { recursive: true });
  }
}
