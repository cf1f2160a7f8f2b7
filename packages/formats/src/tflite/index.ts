export type {
  TfliteBlockwise,
  TfliteBytes,
  TfliteMetadata,
  TfliteModel,
  TfliteOperator,
  TfliteOperatorCode,
  TfliteQuantization,
  TfliteSignature,
  TfliteSubgraph,
  TfliteTensor,
  TfliteTensorMap,
  TfliteType,
} from "./model.js";
export type {
  TfliteActivation,
  TfliteOpaqueOptions,
  TfliteOptionFields,
  TfliteOptionKind,
  TfliteOptions,
  TflitePadding,
} from "./options.js";
export { readTflite } from "./read/read.js";
export { tfliteFile, type TfliteFile } from "./write/write.js";
export { operatorVersion, type VersionedOperand, type VersionedOperator } from "./write/op-versions.js";
