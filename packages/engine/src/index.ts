export { createEngine, type Engine, type EngineOptions, type GraphSource, type OpenOptions } from "./create-engine.js";
export type { EnginePort } from "./feeds.js";
export type { FetchedTensor } from "./fetched-tensor.js";
export type { EngineSession, RunResult } from "./session.js";
