export { type ActivationQParams, activationQParams } from "./activation-qparams.js";
export { calibrate, type CalibrateOptions, type CalibrationSample } from "./calibrate.js";
export type { Calibrator, Grid, RealRange } from "./calibrators/calibrator.js";
export { calibrators } from "./calibrators/calibrators.js";
export { HISTOGRAM_BINS, type Histogram } from "./histogram.js";
export { outlierChannels, type OutlierReport } from "./outlier-channels.js";
export { quantize, type QuantizeOptions, type QuantizeResult } from "./quantize.js";
export type { ByAxis, EqualizedStatistics, Statistics, ValueStatistics } from "./statistics.js";
export type { WeightPool } from "./weights/quantize-weight.js";
