/** The code of a hashing thread; absent where the package runs from its sources. This file lies at the top of its folder, so that the path also holds in a bundle. */
export const HASH_WORKER_URL: URL = new URL("./files/hash-worker.js", import.meta.url);
