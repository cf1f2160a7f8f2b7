export { attributeText, findAttribute } from "./attributes.js";
export {
  floatAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  onnxAttribute,
  onnxFunction,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxTensor,
  onnxValue,
  tensorType,
  textAttribute,
} from "./build.js";
export { ONNX_DATA_TYPES, type OnnxDataField, type OnnxDataType, type OnnxDType, onnxDataType, onnxDataTypeOf } from "./data-types.js";
export { layoutOnnx, type OnnxFile, type OnnxLayoutOptions } from "./layout-onnx.js";
export { DEFAULT_ONNX_LIMITS, type OnnxLimits } from "./limits.js";
export type * from "./model.js";
export { type ReadOnnxOptions, readOnnx, readOnnxBytes } from "./read-onnx.js";
export { decodeAttribute, decodeType, encodeAttribute, encodeType } from "./single-messages.js";
export { checkTensors, elementBytes, elementCount, openTensor } from "./tensor-size.js";
export { graphTensors, tensorsOf } from "./tensors-of.js";
export { type CreateSink, type WriteOnnxOptions, type WrittenOnnxFile, writeOnnx, writeOnnxTo } from "./write-onnx.js";
