export { type ImportOptions, importOnnx } from "./onnx/import-onnx.js";
