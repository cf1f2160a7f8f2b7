export { findPreprocessor } from "./image/preprocessor.js";
export type { ImageSettings } from "./image/image-pipeline.js";
export { loadSamples, type Sample, type SampleOptions, type SampleSet } from "./load-samples.js";
export { maskInputs } from "./mask-inputs.js";
export type { ModelInput } from "./model-input.js";
export { randomForms } from "./random-forms.js";
export type { RandomForm } from "./random-samples.js";
