export { NPY_DATA_TYPES, type NpyDataType, type NpyDType } from "./dtypes.js";
export { type NpyArray, readNpy } from "./read-npy.js";
export { DEFAULT_NPZ_LIMITS, type NpzArchive, type NpzLimits, openNpz, readNpz } from "./read-npz.js";
export { type NpyFile, npyFile, type NpySource } from "./write-npy.js";
export { npzChunks } from "./write-npz.js";
