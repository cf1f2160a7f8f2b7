import type { OpDef } from "@vlm-export/ir";
import { recurrentOp } from "../recurrent-op.js";

/** ONNX GRU. */
export const gru: OpDef = recurrentOp({ name: "GRU", doc: "gated recurrent units over a sequence", since: 7, states: 1 });
