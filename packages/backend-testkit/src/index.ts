export type { ConformanceCase } from "./cases/case.js";
export { conformanceCases } from "./cases/cases.js";
export { type ConformanceResult, testBackend, type TestOptions } from "./test-backend.js";
