import type { OpDef } from "@vlm-export/ir";
import { ownFloatOp } from "../own-op.js";
import { logistic } from "../special-functions.js";
import { unarySpec } from "../unary.js";

/** The activation of CLIP towers. */
export const quickGelu: OpDef = ownFloatOp(
  unarySpec({
    name: "vlm::QuickGelu",
    doc: "y = x · sigmoid(1.702 · x)",
    since: 1,
    real: () => (x) => x * logistic(1.702 * x),
  }),
);
