import type { NodeRule } from "../rule.js";
import { axesToInput } from "./axes-input.js";

const SINCE_18 = [
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSum",
  "ReduceLogSumExp",
  "ReduceMax",
  "ReduceMean",
  "ReduceMin",
  "ReduceProd",
  "ReduceSumSquare",
];

/** Reductions: `axes` became an input at opset 18, for ReduceSum at 13. An empty list meant all axes, as an absent input does. */
export const reduce: readonly NodeRule[] = [axesToInput("ReduceSum", 13), ...SINCE_18.map((op) => axesToInput(op, 18))];
