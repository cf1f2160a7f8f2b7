export { describePlan, planToJson } from "./describe-plan.js";
export { loadRecipe, parseRecipe } from "./load.js";
export { planGraph, planModel } from "./plan/plan-graph.js";
export type { PlanOptions } from "./plan/plan-graph.js";
export type * from "./plan-types.js";
export { PRESETS } from "./presets.js";
export type * from "./recipe-types.js";
