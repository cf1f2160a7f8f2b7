export { compatRulesSchema } from "./generated/compat-rules-schema.js";
export type { CompatRule, CompatRules, RuleCondition, Unit, VerdictKind } from "./generated/compat-rules.js";
export { manifestSchema } from "./generated/manifest-schema.js";
export { isManifest } from "./generated/manifest-validator.js";
export type { Manifest, ManifestFile, ManifestTarget, ManifestTensor, ReencodingKind } from "./generated/manifest.js";
export { recipeSchema } from "./generated/recipe-schema.js";
export { isRecipe } from "./generated/recipe-validator.js";
export type {
  Activations,
  Algorithm,
  AlgorithmName,
  Calibration,
  Eval,
  Gates,
  GranularityWord,
  ImageSettings,
  Match,
  Method,
  ModelSettings,
  Placement,
  RangeWord,
  RecipeFile,
  Rule,
  StorageWord,
  Values,
  Weights,
  Words,
} from "./generated/recipe.js";
export { type Problem, problemLine, problemsOf } from "./problems.js";
export { reportSchema } from "./generated/report-schema.js";
export type {
  Accuracy,
  CalibrationFacts,
  CrossTarget,
  DefaultRun,
  EngineReport,
  GateResult,
  LayerReport,
  Loss,
  ModelFacts,
  Outlier,
  PlanFacts,
  Proof,
  RecipeFacts,
  Report,
  ReportDiagnostic,
  ReportFile,
  TargetReport,
  ToolVersion,
} from "./generated/report.js";
export { type JsonSchema, type JsonType, resolved } from "./schema-words.js";
