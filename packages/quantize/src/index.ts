export { calibrate, type CalibrateOptions, type CalibrationSample } from "./calibrate.js";
export { quantize, type QuantizeOptions, type QuantizeResult } from "./quantize.js";
export type { Statistics, ValueStatistics } from "./statistics.js";
