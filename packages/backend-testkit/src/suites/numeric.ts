import { openSession, type Tensors } from "@vlm-export/backend-api";
import { elementCount, f32Tensor, type Model, staticShape, type TensorData, type Value, VxError } from "@vlm-export/ir";
import { ConformanceError } from "../conformance-error.js";
import { emitCase } from "../emit-case.js";
import { passed, type Suite } from "./suite.js";

/** The artifact loads and runs on the backend's engine and gives the graph's outputs, in their shapes, as finite numbers. */
export const numeric: Suite = {
  name: "numeric",
  async check(kit, model) {
    const { artifact, site, dispose } = await emitCase(kit, model);
    try {
      const session = await openSession(kit.backend, artifact, site.context, site.terms);
      if (!session) return { status: "not-run", detail: "this backend names no engine" };
      const outputs = await session.run(inputsOf(model)).finally(() => session.close());
      const expected = outputsOf(model);
      for (const output of expected) checkOutput(output, outputs);
      return passed(`${session.name} ${session.version}: ${expected.length} outputs`);
    } catch (error) {
      if (error instanceof VxError && error.kind === "tool") return { status: "not-run", detail: error.message };
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

function outputsOf(model: Model): readonly Value[] {
  return [...model.components.values()].flatMap(({ outputs }) => outputs);
}

function checkOutput({ name, type }: Value, outputs: Tensors): void {
  const tensor = outputs.get(name);
  const label = `output ${JSON.stringify(name)}`;
  if (!tensor)
    throw new ConformanceError(`${label} is missing; the engine gives ${[...outputs.keys()].map((key) => JSON.stringify(key)).join(", ")}`);
  if (String(tensor.shape) !== String(type.shape))
    throw new ConformanceError(`${label} has shape [${tensor.shape}], the graph's is [${type.shape}]`);
  const bad = firstNonFinite(tensor);
  if (bad !== undefined) throw new ConformanceError(`${label} is not finite at element ${bad}`);
}

/** Index of the first f32 element that is NaN or infinite; the models of the kit have no outputs of other types. */
function firstNonFinite({ dtype, shape, ...data }: TensorData): number | undefined {
  if (dtype !== "f32") throw new ConformanceError(`an output has elements of type ${dtype}, the graph's are f32`);
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = Array.from({ length: elementCount(shape) }).findIndex((_, i) => !Number.isFinite(view.getFloat32(i * 4, true)));
  return at < 0 ? undefined : at;
}
