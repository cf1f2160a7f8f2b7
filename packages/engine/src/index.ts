export { createEngine, type Engine, type EngineOptions, type GraphSource, type OpenOptions } from "./create-engine.js";
export { engineLacks } from "./engine-lacks.js";
export type { EngineSession, RunResult } from "./engine-session.js";
export type { EnginePort } from "./feeds.js";
export type { Arithmetic } from "./load-request.js";
export type { FetchedTensor } from "./fetched-tensor.js";
export { runSample, type SampleSource } from "./run-sample.js";
export { sourceArithmetic } from "./source-arithmetic.js";
export type { ObserverModule, ObserverSource, TapObserver } from "./tap-observer.js";
