/** `targets.onnx-qdq` of the recipe. */
export interface OnnxQdqOptions {
  /** Composite operators newer than this opset are written as older ones; what the model needs beyond that raises it. */
  readonly opset: number;
  /** Where weights go: in the model file, in a file beside it, or beside it from 64 MiB on. */
  readonly externalData: "auto" | "always" | "never";
  /** Whether symmetric weights get zero points of zeros, which some engines expect. */
  readonly zeroPoints: "always" | "when-given";
  /**
   * Whether int8 values are written as such, or as uint8 with integers and zero points 128 higher; see `makeUnsigned`. auto: unsigned where
   * ONNX Runtime may else refuse the model, which is one of opset 21 or later with int8 activations.
   */
  readonly signedness: "auto" | "as-planned" | "unsigned";
}

export const optionsSchema: object = {
  type: "object",
  additionalProperties: false,
  properties: {
    opset: { type: "integer", minimum: 13, maximum: 24, default: 21 },
    externalData: { enum: ["auto", "always", "never"], default: "auto" },
    zeroPoints: { enum: ["always", "when-given"], default: "always" },
    signedness: { enum: ["auto", "as-planned", "unsigned"], default: "auto" },
  },
};
