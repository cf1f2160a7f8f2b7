/** The compiled kernels. This file lies at the top of its folder, so that the paths also hold in a bundle. */
export const KERNELS_URL: URL = new URL("../build/kernels.wasm", import.meta.url);

/** The code of a worker thread; absent where the package runs from its sources. */
export const WORKER_URL: URL = new URL("./pool/worker.js", import.meta.url);
