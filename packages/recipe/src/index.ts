export { loadRecipe, parseRecipe } from "./load.js";
export type * from "./plan-types.js";
export { PRESETS } from "./presets.js";
export type * from "./recipe-types.js";
