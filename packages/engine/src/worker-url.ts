/** The code of the engine's thread; absent where the package runs from its sources. This file lies at the top of its folder, so that the path also holds in a bundle. */
export const WORKER_URL: URL = new URL("./thread/worker.js", import.meta.url);
