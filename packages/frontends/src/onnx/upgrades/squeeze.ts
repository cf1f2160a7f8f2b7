import type { NodeRule } from "../rule.js";
import { axesToInput } from "./axes-input.js";

/** Squeeze: `axes` became an input at opset 13. */
export const squeeze: NodeRule = axesToInput("Squeeze", 13);
