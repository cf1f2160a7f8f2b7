import { elementCount, f32Tensor, type Model, staticShape, type TensorData, VxError } from "@vlm-export/ir";
import { emitCase } from "../emit-case.js";
import { ConformanceError, type Suite } from "./suite.js";

/** The artifact loads and runs on the backend's engine and gives finite numbers of the graph's output shapes. */
export const numeric: Suite = {
  name: "numeric",
  async check(kit, model) {
    const { backend } = kit;
    if (!backend.open) return "not run: this backend names no engine";
    const { artifact, site, dispose } = await emitCase(kit, model);
    try {
      const session = await backend.open(artifact, site.context);
      const outputs = await session.run(inputsOf(model)).finally(() => session.close());
      for (const [name, tensor] of outputs) checkOutput(name, tensor);
      return `${session.name} ${session.version}: ${outputs.size} outputs`;
    } catch (error) {
      if (error instanceof VxError && error.kind === "tool") return `not run: ${error.message}`;
      throw error;
    } finally {
      dispose();
    }
  },
};

function inputsOf(model: Model): ReadonlyMap<string, TensorData> {
  const [graph] = model.components.values();
  return new Map(
    (graph?.inputs ?? []).map((input) => {
      const shape = staticShape(input.type) ?? [];
      return [
        input.name,
        f32Tensor(
          Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(i)),
          shape,
        ),
      ];
    }),
  );
}

function checkOutput(name: string, tensor: TensorData): void {
  const bytes = tensor.bytes();
  if (tensor.dtype !== "f32") return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < bytes.byteLength; i += 4)
    if (!Number.isFinite(view.getFloat32(i, true)))
      throw new ConformanceError(`output ${JSON.stringify(name)} is not finite at element ${i / 4}`);
}
