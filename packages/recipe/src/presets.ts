/** Presets that ship with the tool: what each is for. Each is a file `presets/NAME.yaml` of this package. */
export const PRESETS: Readonly<Record<string, string>> = {
  "dynamic-int8": "int8 weights, activations quantized at run time; needs no data",
  int8: "int8 weights and static int8 inputs of convolutions and matrix products; the rest stays float; needs data",
  "int8-full": "every operator in int8, inputs and outputs, for NPUs and TFLite; needs data",
  "vlm-balanced": "vision-language models: int8 vision, int4 language weights, sensitive parts float16; needs data",
  "weights-int4": "int4 weights in blocks of 32, computed in float; needs no data",
  "weights-int8": "int8 weights, computed in float; needs no data",
};

const PREFIX = "preset:";

/** True for `preset:NAME`, whether there is one of that name or not. */
export function isPreset(source: string): boolean {
  return source.startsWith(PREFIX);
}

/** NAME of `preset:NAME`. */
export function presetName(source: string): string {
  return source.slice(PREFIX.length);
}

/** Where the preset's YAML lies. */
export function presetUrl(name: string): URL {
  return new URL(`../presets/${name}.yaml`, import.meta.url);
}
