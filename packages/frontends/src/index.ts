export { confirmSources } from "./onnx/confirm-sources.js";
export { type ImportOptions, importOnnx } from "./onnx/import-onnx.js";
