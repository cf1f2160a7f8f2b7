/** The engine's worker. This file lies at the top of its folder, so that the path also holds in a bundle. */
export const WORKER_URL: URL = new URL("../engine/litert-worker.mjs", import.meta.url);
