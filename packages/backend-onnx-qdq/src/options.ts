/** `targets.onnx-qdq` of the recipe. */
export interface OnnxQdqOptions {
  /** Least opset to write; the model's needs can raise it. Default: the lowest that holds the model. */
  readonly opset?: number;
  /** Where weights go: in the model file, in a file beside it, or beside it from 64 MiB on. */
  readonly externalData: "auto" | "always" | "never";
  /** Whether symmetric weights get zero points of zeros, which some engines expect. */
  readonly zeroPoints: "always" | "when-given";
}

export const optionsSchema: object = {
  type: "object",
  additionalProperties: false,
  properties: {
    opset: { type: "integer", minimum: 13, maximum: 24 },
    externalData: { enum: ["auto", "always", "never"], default: "auto" },
    zeroPoints: { enum: ["always", "when-given"], default: "always" },
  },
};
