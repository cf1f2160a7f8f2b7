import { type Backend, defineBackend } from "@vlm-export/backend-api";
import { emit } from "./emit.js";
import { lower, type OnnxQdqModel } from "./lower.js";
import { type OnnxQdqOptions, optionsSchema } from "./options.js";
import { rules } from "./rules.js";
import { openSession } from "./session.js";

/** ONNX with QuantizeLinear and DequantizeLinear around every quantized value. */
const onnxQdq: Backend<OnnxQdqOptions, OnnxQdqModel> = defineBackend<OnnxQdqOptions, OnnxQdqModel>({
  name: "onnx-qdq",
  apiVersion: 1,
  capabilities: {
    units: ["cpu"],
    weights: ["i8", "u8", "i16", "u16", "i4", "u4", "i2", "u2", "i32", "f16", "f32"],
    activations: ["i8", "u8", "i16", "u16", "f16", "f32"],
    granularities: ["tensor", "channel", "block", "token"],
    blockSizes: [],
    rules,
    optionsSchema,
  },
  lower: (model, _regions, context) => lower(model, context),
  emit,
  // Loaded when it is asked for: the reader of protobuf takes longer than this package.
  decode: async (artifact) => (await import("./decode.js")).decodeOnnx(artifact),
  open: openSession,
});

export default onnxQdq;
