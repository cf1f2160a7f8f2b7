import type { OpDef } from "@vlm-export/ir";
import { recurrentOp } from "../recurrent-op.js";

/** ONNX LSTM. */
export const lstm: OpDef = recurrentOp({ name: "LSTM", doc: "long short-term memory over a sequence", since: 7, states: 2 });
