import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FilePool } from "@vlm-export/formats/files";
import { importOnnx } from "@vlm-export/frontends";
import { type Diagnostic, type Dim, type Graph, GraphEditor, type Model, type OpRegistry, sameShape, type Value } from "@vlm-export/ir";
import { normalize } from "@vlm-export/passes";
import { checkShapeNames, type Recipe } from "@vlm-export/recipe";
import { importFolder, importNotOnnx, recipeShape } from "../errors.js";
import { located } from "../located.js";

export interface ImportSite {
  readonly ops: OpRegistry;
  readonly pool: FilePool;
  readonly signal?: AbortSignal;
  report(diagnostic: Diagnostic): void;
}

const ONNX_FILE = /\.onnx$/i;
/** Where exporters put a model's graphs below its folder. */
const GRAPH_FOLDERS = [".", "onnx"];

/** The model as it is in its file, weights lazy. */
export async function importModel(path: string, site: ImportSite): Promise<Model> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw importFolder(path, modelsIn(path));
  if (found && !ONNX_FILE.test(path)) throw importNotOnnx(path);
  return importOnnx(path, site);
}

/** The .onnx files of a folder, by name. */
function modelsIn(folder: string): readonly string[] {
  const folders = GRAPH_FOLDERS.map((below) => join(folder, below)).filter((path) => existsSync(path));
  return folders.flatMap((path) =>
    readdirSync(path)
      .filter((name) => ONNX_FILE.test(name))
      .sort()
      .map((name) => join(path, name)),
  );
}

/**
 * Fixes the shapes that the recipe states, then runs the normalize passes on every component, in place: `model`'s own graphs change.
 * Throws VX-RECIPE-SHAPE.
 */
export function normalizeModel(model: Model, shapes: Recipe["model"]["shapes"], site: ImportSite): Model {
  const context = { ops: site.ops, report: site.report, ...(site.signal && { signal: site.signal }) };
  checkShapeNames(
    shapes,
    [...model.components.values()].flatMap(({ inputs }) => inputs),
  );
  const components = [...model.components].map(([name, graph]): [string, Graph] => {
    const edit = new GraphEditor(site.ops, graph);
    fixShapes(edit, shapes);
    normalize(edit, context);
    return [name, edit.graph];
  });
  return { ...model, components: new Map(components) };
}

/** `shapes` names inputs (a list of extents) or symbols (one extent). Throws VX-RECIPE-SHAPE when a list does not fit the input. */
function fixShapes(edit: GraphEditor, shapes: Recipe["model"]["shapes"]): void {
  let isFixed = false;
  for (const input of edit.graph.inputs) {
    const { shape } = input.type;
    const wanted = wantedShape(input, shapes);
    if (!wanted || sameShape(wanted, shape)) continue;
    edit.retype(input, { ...input.type, shape: wanted });
    isFixed = true;
  }
  if (isFixed) edit.inferAll();
}

/** The shape of an input with what the recipe states of it; undefined when neither knows one. */
function wantedShape({ name, type: { shape } }: Value, shapes: Recipe["model"]["shapes"]): readonly Dim[] | undefined {
  const stated = shapes.get(name);
  if (stated === undefined || typeof stated.extents === "number") return shape?.map((extent) => fixedExtent(extent, shapes));
  if (shape && !fits(stated.extents, shape)) throw located(recipeShape(name, shape, stated.extents), stated.place);
  return stated.extents;
}

function fixedExtent(extent: Dim, shapes: Recipe["model"]["shapes"]): Dim {
  const stated = typeof extent === "string" ? shapes.get(extent)?.extents : undefined;
  return typeof stated === "number" ? stated : extent;
}

/** True for extents of the same rank that change symbols only. */
function fits(extents: readonly number[], shape: readonly Dim[]): boolean {
  return extents.length === shape.length && shape.every((extent, i) => typeof extent === "string" || extent === extents[i]);
}
