export type { InitializerSource } from "./lower-context.js";
export { type LoweredOnnx, type LowerOptions, lowerToOnnx } from "./lower-to-onnx.js";
export { LOWEST_OPSET, lowestOpsetOf } from "./min-opset.js";
export type { QuantizedNames } from "./qdq/pair.js";
export type { ScaleLayout } from "./qdq/scale-layout.js";
export { quantOpsetOf } from "./qdq/spec-opset.js";
export type { Tap } from "./taps.js";
