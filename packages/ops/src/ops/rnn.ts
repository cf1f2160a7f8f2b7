import type { OpDef } from "@vlm-export/ir";
import { recurrentOp } from "../recurrent-op.js";

/** ONNX RNN. */
export const rnn: OpDef = recurrentOp({ name: "RNN", doc: "simple recurrent network over a sequence", since: 7, states: 1 });
