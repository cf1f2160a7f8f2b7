import path from "node:path";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { RecipeFile } from "@vlm-export/schemas";
import { beside, slashed } from "./beside.js";
import { buildRule } from "./build-rule.js";
import { contentHashOf } from "./content-hash.js";
import type {
  CalibrationSettings,
  EvalSettings,
  GateSettings,
  NamedPaths,
  Origin,
  Recipe,
  RecipeRule,
  ShapeSetting,
} from "./recipe-types.js";
import { recipeValue } from "./errors.js";
import { refusals } from "./refuse.js";
import { rangeMethod } from "./rule-settings.js";
import type { Layer } from "./layer.js";

/** Merges the layers, bases first, and fills in defaults. Throws a VxError with all findings. */
export function buildRecipe(layers: readonly Layer[]): Recipe {
  const findings: Diagnostic[] = layers.flatMap(({ recipe, positions }) => [
    ...refusals(recipe, positions),
    ...imageFindings(recipe, positions),
  ]);
  const merged = new Merged(layers);
  const calibration = calibrationOf(merged, findings);
  const rules = rulesOf(layers, calibration, findings);
  if (findings.length > 0) throw new VxError(findings);
  const top = layers.at(-1) as Layer;
  const content = {
    version: 1 as const,
    model: modelOf(layers, merged),
    calibration,
    rules,
    onLoss: merged.take("onLoss", ({ onLoss }) => onLoss, "refuse") as "refuse" | "fallback",
    gates: gatesOf(merged),
    ...evalOf(merged),
    targets: targetsOf(layers, merged),
    plugins: pluginsOf(layers, merged),
    named: namedPaths(layers, merged),
  };
  return {
    ...content,
    file: top.file,
    sources: layers.map(({ file }) => file),
    origins: merged.origins,
    hash: contentHashOf(content),
    diagnostics: layers.flatMap(({ warnings }) => warnings),
  };
}

/** Settings of several layers; the last that states a key wins, and its place is remembered. */
class Merged {
  readonly origins = new Map<string, Origin>();
  readonly layers: readonly Layer[];

  constructor(layers: readonly Layer[]) {
    this.layers = layers;
  }

  /** The last stated value of the setting `name` (dots between keys). */
  find<T>(name: string, get: (recipe: RecipeFile) => T | undefined): { readonly value: T; readonly layer: Layer } | undefined {
    for (const layer of this.layers.toReversed()) {
      const value = get(layer.recipe);
      if (value === undefined) continue;
      this.origins.set(name, layer.positions.ofKey(name.split(".")));
      return { value, layer };
    }
    return undefined;
  }

  take<T>(name: string, get: (recipe: RecipeFile) => T | undefined, fallback: T): T {
    const found = this.find(name, get);
    if (!found) this.origins.set(name, "default");
    return found ? found.value : fallback;
  }
}

function calibrationOf(merged: Merged, findings: Diagnostic[]): CalibrationSettings {
  const data = merged.find("calibration.data", ({ calibration }) => calibration?.data);
  const file = data && dataBeside(data.layer.file, data.value);
  const method = merged.layers.reduce<CalibrationSettings["method"] | undefined>(
    (base, { recipe, positions }) =>
      recipe.calibration
        ? rangeMethod(recipe.calibration, base, (diagnostic, key) => findings.push(diagnostic(positions.of(["calibration", key]))))
        : base,
    undefined,
  );
  merged.take("calibration.method", ({ calibration }) => calibration?.method, "minmax");
  if (method?.percentile !== undefined) merged.take("calibration.percentile", ({ calibration }) => calibration?.percentile, undefined);
  if (method?.movingAverage !== undefined)
    merged.take("calibration.movingAverage", ({ calibration }) => calibration?.movingAverage, undefined);
  return {
    ...(file !== undefined && { data: file }),
    samples: merged.take("calibration.samples", ({ calibration }) => calibration?.samples, 64),
    seed: merged.take("calibration.seed", ({ calibration }) => calibration?.seed, 0),
    method: method ?? { name: "minmax" },
  };
}

function dataBeside(file: string, data: string): string {
  return data === "random" ? data : beside(file, data);
}

function rulesOf(layers: readonly Layer[], calibration: CalibrationSettings, findings: Diagnostic[]): readonly RecipeRule[] {
  const stated = layers.flatMap((layer) => (layer.recipe.rules ?? []).map((_, i) => ({ layer, i })));
  return stated.flatMap(({ layer, i }, index) => {
    try {
      return [buildRule(layer, i, { index, base: calibration.method, findings })];
    } catch (error) {
      if (!(error instanceof VxError)) throw error;
      findings.push(...error.diagnostics);
      return [];
    }
  });
}

function modelOf(layers: readonly Layer[], merged: Merged): Recipe["model"] {
  const shapes = new Map<string, ShapeSetting>();
  for (const { recipe, positions } of layers)
    for (const [name, extents] of Object.entries(recipe.model?.shapes ?? {}))
      shapes.set(name, { extents, place: positions.ofKey(["model", "shapes", name]) });
  const image = merged.find("model.image", ({ model }) => model?.image);
  return { shapes, ...(image && { image: image.value }) };
}

/** Stretching to `size` leaves no shorter side to choose. */
function imageFindings({ model }: RecipeFile, positions: Layer["positions"]): readonly Diagnostic[] {
  if (model?.image?.crop !== "none" || model.image.shortestEdge === undefined) return [];
  const message = "model.image.shortestEdge has no meaning with crop: none, which stretches pictures to size.";
  return [recipeValue(positions.ofKey(["model", "image", "shortestEdge"]), message, "Remove it, or write crop: center.")];
}

function gatesOf(merged: Merged): GateSettings {
  const minCosine = merged.find("gates.minCosine", ({ gates }) => gates?.minCosine);
  return {
    maxDegradation: shareOf(merged.take("gates.maxDegradation", ({ gates }) => gates?.maxDegradation, 0.02)),
    ...(minCosine && { minCosine: minCosine.value }),
  };
}

/** `2%` or 0.02. */
function shareOf(value: number | string): number {
  return typeof value === "number" ? value : Number.parseFloat(value) / 100;
}

function evalOf(merged: Merged): { readonly eval?: EvalSettings } {
  const found = merged.find("eval", (recipe) => recipe.eval);
  if (!found) return {};
  const { data, labels, samples } = found.value;
  const { file } = found.layer;
  return {
    eval: {
      data: beside(file, data),
      metric: "top-1",
      ...(labels !== undefined && { labels: beside(file, labels) }),
      ...(samples !== undefined && { samples }),
    },
  };
}

function targetsOf(layers: readonly Layer[], merged: Merged): Recipe["targets"] {
  const targets = new Map<string, Record<string, unknown>>();
  for (const { recipe, positions } of layers)
    for (const [name, options] of Object.entries(recipe.targets ?? {})) {
      targets.set(name, { ...targets.get(name), ...options });
      merged.origins.set(`targets.${name}`, positions.ofKey(["targets", name]));
      for (const key of Object.keys(options)) merged.origins.set(`targets.${name}.${key}`, positions.ofKey(["targets", name, key]));
    }
  return targets;
}

/** Package names as they are; paths absolute, as a relative one without `./` in front would look like a name. */
function pluginsOf(layers: readonly Layer[], merged: Merged): readonly string[] {
  return layers.flatMap(({ recipe, file, positions }) =>
    (recipe.plugins ?? []).map((name, i) => {
      const plugin = isPluginPath(name) ? path.resolve(path.dirname(file), name) : name;
      merged.origins.set(`plugins.${plugin}`, positions.of(["plugins", i]));
      return plugin;
    }),
  );
}

function isPluginPath(name: string): boolean {
  return name.startsWith(".") || path.isAbsolute(name);
}

function namedPaths(layers: readonly Layer[], merged: Merged): NamedPaths {
  const data = merged.find("calibration.data", ({ calibration }) => calibration?.data);
  const found = merged.find("eval", (recipe) => recipe.eval);
  return {
    ...(data && { calibrationData: slashed(dataBeside(data.layer.named, data.value)) }),
    ...(found && { evalData: slashed(beside(found.layer.named, found.value.data)) }),
    ...(found?.value.labels !== undefined && { evalLabels: slashed(beside(found.layer.named, found.value.labels)) }),
    plugins: layers.flatMap(({ recipe, named }) =>
      (recipe.plugins ?? []).map((name) => (isPluginPath(name) ? slashed(beside(named, name)) : name)),
    ),
  };
}
