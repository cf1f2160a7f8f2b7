export { emitTemporary } from "./errors.js";
export { fileTensor } from "./file-tensor.js";
export { makeFolder } from "./make-folder.js";
export { sha256Hex } from "./object-file.js";
export { HOST_TAG, isRunning, isSameRunning, type ProcessOwner, thisProcess } from "./process-owner.js";
export type { Scratch } from "./scratch.js";
export { openStore, type Store } from "./store.js";
export { makeTemporaryFolder } from "./temporary-folder.js";
