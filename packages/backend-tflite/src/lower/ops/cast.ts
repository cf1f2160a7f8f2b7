import type { TfliteType } from "@vlm-export/formats/tflite";
import { type DType, isFloat } from "@vlm-export/ir";
import { lowerUnsupported } from "../../errors.js";
import { inputOf, type LowerNode, outputOf } from "../node.js";
import { identity } from "./view.js";

/** Conversion between float types is none on a target that computes all of them in f32, nor between i64 and i32; CAST between kinds. */
export const cast: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const [from, to] = [kindOf(x.type.dtype), kindOf(y.type.dtype)];
  if (!from || !to) throw lowerUnsupported(node.name, `Cast from ${x.type.dtype} to ${y.type.dtype}`);
  if (from === to) return identity(lowering, node);
  const { tensor, layout } = lowering.place(x, "float");
  const options = { kind: "CastOptions", inDataType: from, outDataType: to } as const;
  lowering.emit("CAST", [tensor], [lowering.write(y, "float", layout)], options);
};

/** The element type of the tensors that hold values of that type here. */
function kindOf(dtype: DType): TfliteType | undefined {
  if (isFloat(dtype)) return dtype === "f64" ? undefined : "FLOAT32";
  if (dtype === "i64" || dtype === "i32") return "INT32";
  return dtype === "bool" ? "BOOL" : undefined;
}
