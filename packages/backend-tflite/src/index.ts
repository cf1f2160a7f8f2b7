import { readFileSync } from "node:fs";
import { type Backend, type CompatRule, defineBackend } from "@vlm-export/backend-api";
import { VxError } from "@vlm-export/ir";
import { expandAttention, expandEinsum, expandRotaryEmbedding, removeDead } from "@vlm-export/passes";
import { decodeArtifact } from "./decode/decode.js";
import { emitModel } from "./emit.js";
import { findEngine, openArtifact } from "./engine/session.js";
import { bindSymbols } from "./legalize/bind-symbols.js";
import { widenVectors } from "./legalize/widen-vectors.js";
import { widenWindows } from "./legalize/widen-windows.js";
import { lowerModel } from "./lower/lower.js";
import type { TargetModel, TfliteTargetOptions } from "./target-model.js";

const rules = JSON.parse(readFileSync(new URL("../rules.json", import.meta.url), "utf8")) as readonly CompatRule[];

/** Target tflite: static full-integer int8 TFLite models, layout by algebra, run on @litertjs/core. */
const tfliteBackend: Backend<TfliteTargetOptions, TargetModel> = defineBackend<TfliteTargetOptions, TargetModel>({
  name: "tflite",
  apiVersion: 1,
  capabilities: {
    units: ["cpu"],
    weights: ["i8", "u8", "i4", "u4", "i32", "f32", "f16", "bf16"],
    activations: ["i8", "u8", "f32"],
    granularities: ["tensor", "channel", "block"],
    blockSizes: [],
    rules,
    optionsSchema: {
      type: "object",
      additionalProperties: false,
      properties: {
        io: {
          enum: ["float32", "int8"],
          default: "float32",
          description: "Element type of quantized inputs and outputs: real numbers, or the integers themselves.",
        },
      },
    },
  },

  async probe() {
    try {
      findEngine();
      return [];
    } catch (error) {
      return error instanceof VxError ? error.diagnostics.map((diagnostic) => ({ ...diagnostic, severity: "warning" as const })) : [];
    }
  },

  legalize: [bindSymbols, expandAttention, expandRotaryEmbedding, expandEinsum, widenVectors, widenWindows, removeDead],
  lower: (model, _regions, context) => lowerModel(model, context),
  emit: emitModel,
  decode: decodeArtifact,
  open: openArtifact,
});

export default tfliteBackend;
