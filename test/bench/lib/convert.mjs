/** Import and emit, float: what the node tests put between the source model and the engine. Needs the packages built. */
import { importOnnx } from "@vlm-export/frontends";
import { writeOnnx } from "@vlm-export/formats/onnx";
import { onlyComponent } from "@vlm-export/ir";
import { lowerToOnnx } from "@vlm-export/lowering-onnx";
import { standardOps } from "@vlm-export/ops";

const ops = standardOps();

/** Reads the model at `inPath` and writes the same model as the IR has it at `outPath`. */
export async function convert(inPath, outPath) {
  const model = await importOnnx(inPath, { ops });
  await writeOnnx(lowerToOnnx(onlyComponent(model), { ops, model }).model, outPath);
}
