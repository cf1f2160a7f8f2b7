import type { RangeMethod } from "@vlm-export/recipe";
import type { Calibrator } from "./calibrator.js";
import { entropy } from "./entropy.js";
import { minmax } from "./minmax.js";
import { mse } from "./mse.js";
import { percentile } from "./percentile.js";

/** All calibrators by the word that recipes use. A new one is one file and one entry here. */
export const calibrators: Readonly<Record<RangeMethod["name"], Calibrator>> = { entropy, minmax, mse, percentile };
