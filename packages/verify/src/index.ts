export * from "./accuracy.js";
export * from "./compare-decoded.js";
export * from "./compare-outputs.js";
export { type TensorName, verifyDecode } from "./errors.js";
export * from "./interval.js";
