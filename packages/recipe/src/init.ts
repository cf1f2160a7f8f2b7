import { type Graph, isFloat, printable, type Value } from "@vlm-export/ir";
import { stringify } from "yaml";
import { PRESETS } from "./presets.js";

export interface InitOptions {
  /** Preset to start from. */
  readonly preset: string;
  /** Calibration data, relative to the recipe; absent = a commented line. */
  readonly data?: string;
  /** Labelled data for the gate, relative to the recipe; absent = a commented line. */
  readonly evalData?: string;
  /** True when a preprocessor_config.json beside the model says how pictures become tensors. */
  readonly hasPreprocessor: boolean;
}

/** A first recipe for a model: short, each line with why it is there, ready to run once the data lines are filled in. */
export function initRecipe(graph: Graph, options: InitOptions): string {
  const { preset, data, evalData, hasPreprocessor } = options;
  const needsData = PRESETS[preset]?.includes("needs data") ?? false;
  const image = hasPreprocessor ? [] : imageLines(graph);
  const shapes = shapeLines(graph);
  const lines = [
    "# yaml-language-server: $schema=./node_modules/@vlm-export/schemas/recipe.schema.json",
    `# Recipe for ${oneLine(graph.name)}. \`vlm-export recipe explain\` shows every default; \`vlm-export plan\` shows what each tensor becomes.`,
    "version: 1",
    "",
    `# ${PRESETS[preset] ?? "A preset of the tool"}. Your rules below win over it.`,
    `extends: [preset:${preset}]`,
    ...(image.length + shapes.length > 0 ? ["", `${image.length > 0 ? "" : "# "}model:`, ...shapes, ...image] : []),
    ...(needsData ? ["", ...calibrationLines(data)] : []),
    "",
    ...ruleLines(graph),
    "",
    "gates:",
    "  # The command ends with exit code 3 when accuracy falls by more than this share of the float model's.",
    "  maxDegradation: 2%",
    "",
    ...evalLines(evalData),
  ];
  return `${lines.join("\n")}\n`;
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, " ").slice(0, 100));
}

function word(text: string): string {
  return stringify(text, { lineWidth: 0 }).trimEnd().replaceAll("\n", " ");
}

function shapeLines({ inputs }: Graph): readonly string[] {
  const symbolic = inputs.filter(({ type }) => type.shape?.some((extent) => typeof extent === "string"));
  if (symbolic.length === 0) return [];
  return [
    "  # Symbolic extents; fix them where a target needs static shapes.",
    "  # shapes:",
    ...symbolic.map(
      ({ name, type }) => `  #   ${word(name)}: [${type.shape?.map((extent) => (typeof extent === "string" ? 1 : extent)).join(", ")}]`,
    ),
  ];
}

/** Pictures for the only rank-4 float input with 1 or 3 channels. */
function imageLines({ inputs }: Graph): readonly string[] {
  const pictures = inputs.filter(({ type }) => type.shape?.length === 4 && isFloat(type.dtype));
  const [input] = pictures;
  if (!input || pictures.length > 1) return [];
  const { layout, channels, size } = pictureFacts(input);
  const gray = channels === 1;
  return [
    "  # How a picture becomes the input. Check size, mean and std against the model's training: wrong ones cost accuracy silently.",
    `  image: { input: ${word(input.name)}, size: [${size.join(", ")}], resize: bilinear, crop: center, color: ${gray ? "gray" : "RGB"}, layout: ${layout},`,
    `    rescale: 0.00392156862745098, mean: [${gray ? "0.5" : "0.5, 0.5, 0.5"}], std: [${gray ? "0.5" : "0.5, 0.5, 0.5"}] }`,
  ];
}

function pictureFacts({ type }: Value): { readonly layout: "NCHW" | "NHWC"; readonly channels: number; readonly size: readonly number[] } {
  const shape = (type.shape ?? []).map((extent) => (typeof extent === "number" ? extent : undefined));
  const isNhwc = (shape[3] === 3 || shape[3] === 1) && shape[1] !== 3 && shape[1] !== 1;
  const [channels, height, width] = isNhwc ? [shape[3], shape[1], shape[2]] : [shape[1], shape[2], shape[3]];
  return { layout: isNhwc ? "NHWC" : "NCHW", channels: channels ?? 3, size: [height ?? 224, width ?? 224] };
}

function calibrationLines(data: string | undefined): readonly string[] {
  const line = data === undefined ? "  # data: calibration.jsonl" : `  data: ${word(data)}`;
  return [
    "calibration:",
    '  # A folder of pictures, or one sample per line: {"image": "a.png"} or {"tensors": "sample.npz"}. 32 to 128 typical inputs are enough.',
    line,
    "  samples: 64",
  ];
}

function ruleLines(graph: Graph): readonly string[] {
  const roles = new Set(graph.nodes.flatMap(({ role }) => role ?? []));
  const sensitive = ["vision.patch_embed", "projector", "language.lm_head", "head"].filter((role) =>
    [...roles].some((known) => known === role || known.startsWith(`${role}.`)),
  );
  if (sensitive.length === 0) return ["# In order; the last rule that matches wins.", "rules: []"];
  return [
    "# In order; the last rule that matches wins. These parts are the most sensitive; uncomment all three lines if accuracy falls too far.",
    "# rules:",
    `#   - match: { role: [${sensitive.map((role) => `${role}.**`).join(", ")}] }`,
    "#     keep: float16",
  ];
}

function evalLines(evalData: string | undefined): readonly string[] {
  if (evalData !== undefined) return ["# Labelled samples for the gate.", `eval: { data: ${word(evalData)}, metric: top-1 }`];
  return ["# Labelled samples for the gate; without them accuracy is not measured.", "# eval: { data: eval.jsonl, metric: top-1 }"];
}
