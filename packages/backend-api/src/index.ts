export * from "./backend.js";
export * from "./check.js";
export * from "./define.js";
export { execTool } from "./exec.js";
export { resolveOptions } from "./options.js";
export * from "./partition.js";
export * from "./qparams.js";
export * from "./rules.js";
