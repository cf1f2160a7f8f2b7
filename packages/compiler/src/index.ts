export { compile, type CompileRequest, type CompileResult } from "./compile.js";
export { discoverBackends, type FoundBackend, loadBackend } from "./discover.js";
export { type EvaluatedTarget, evaluateOutput, type EvaluateOptions } from "./evaluate-output.js";
export type { EventSink, RunEvent } from "./events.js";
export {
  type ComponentFacts,
  inspectModel,
  type InspectOptions,
  inspectOutput,
  isOutputFolder,
  type ModelInspection,
  type OutputInspection,
} from "./inspect.js";
export { planForModel, type PlanRequest } from "./plan-for-model.js";
export { inspectSetup, type SetupCheck } from "./setup.js";
export { normalizedGraph } from "./normalized-graph.js";
export { type VerifiedTarget, verifyOutput, type VerifyOptions } from "./verify-output.js";
