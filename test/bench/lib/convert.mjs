/** Import and emit of one ONNX file by the built packages: the step that the node cases test. */
import { writeOnnx } from "@vlm-export/formats/onnx";
import { FilePool } from "@vlm-export/formats/files";
import { importOnnx } from "@vlm-export/frontends";
import { lowerToOnnx } from "@vlm-export/lowering-onnx";
import { standardOps } from "@vlm-export/ops";

/** Imports the model at `inPath` and writes it, float and with nothing normalized, as `outPath`. Throws VxError. */
export async function convert(inPath, outPath) {
  const ops = standardOps();
  const pool = new FilePool();
  try {
    const model = await importOnnx(inPath, { ops, pool });
    await writeOnnx(lowerToOnnx(model.components.get("main"), { ops, model }).model, outPath);
  } finally {
    pool.close();
  }
}
