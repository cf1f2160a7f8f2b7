export { codeOfDtype, dtypeOfCode } from "./cast-tensor.js";
export * from "./define-op.js";
export * from "./dim-polynomial.js";
export * from "./registry.js";
export * from "./schema.js";
export * from "./shape-math.js";
export * from "./small-tensor.js";
export * from "./take.js";
