import { floatValues, openSession, type Tensors } from "@vlm-export/backend-api";
import { elementCount, f32Tensor, type Model, staticShape, type TensorData, type Value, VxError } from "@vlm-export/ir";
import { ConformanceError } from "../conformance-error.js";
import { emitCase } from "../emit-case.js";
import { referenceOutputs } from "../reference.js";
import { passed, type Suite } from "./suite.js";

/**
 * Largest root mean square of an output's error, as a share of that of the output. Engines may round an integer to the other neighbour; a zero
 * point that is off by one, a lost bias or a scale of another channel makes much more.
 */
const MOST_ERROR = 0.005;

/** The artifact runs on the backend's engine and gives the graph's outputs, in their shapes and as the graph defines them. */
export const numeric: Suite = {
  name: "numeric",
  async check(kit, model) {
    const { artifact, site, dispose } = await emitCase(kit, model);
    try {
      const session = await openSession(site, artifact);
      if (!session) return { status: "not-run", detail: "this backend names no engine" };
      const inputs = inputsOf(model);
      const outputs = await session.run(inputs).finally(() => session.close());
      const expected = outputsOf(model);
      for (const output of expected) checkOutput(output, outputs);
      const lost = new Set(artifact.losses.map(({ value }) => value));
      const reference = referenceOutputs(kit.ops, model, { inputs, lost });
      for (const { name } of expected) checkNumbers(name, outputs.get(name) as TensorData, reference.get(name));
      return passed(`${session.name} ${session.version}: ${expected.length} outputs`);
    } catch (error) {
      if (error instanceof VxError && error.kind === "tool") return { status: "not-run", detail: error.message };
      throw error;
    } finally {
      dispose();
    }
  },
};

/** Their mean is not 0, so that a zero point that is off by one shows. */
function inputsOf(model: Model): ReadonlyMap<string, TensorData> {
  const [graph] = model.components.values();
  return new Map(
    (graph?.inputs ?? []).map((input) => {
      const shape = staticShape(input.type) ?? [];
      return [
        input.name,
        f32Tensor(
          Array.from({ length: elementCount(shape) }, (_, i) => 0.5 + Math.sin(i)),
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

function checkNumbers(name: string, found: TensorData, expected: TensorData | undefined): void {
  if (!expected) return;
  const [a, b] = [floatValues(expected), floatValues(found)];
  const rootMeanSquare = (of: (i: number) => number): number => Math.sqrt(a.reduce((sum, _, i) => sum + of(i) ** 2, 0) / a.length);
  const error = rootMeanSquare((i) => (a[i] ?? 0) - (b[i] ?? 0)) / rootMeanSquare((i) => a[i] ?? 0);
  if (error <= MOST_ERROR) return;
  const worst = a.reduce((at, _, i) => (Math.abs((a[i] ?? 0) - (b[i] ?? 0)) > Math.abs((a[at] ?? 0) - (b[at] ?? 0)) ? i : at), 0);
  throw new ConformanceError(
    `output ${JSON.stringify(name)} is not what the graph computes: error ${(error * 100).toPrecision(3)} % (root mean square), at element ${worst} ${b[worst]} instead of ${a[worst]}`,
  );
}

/** Index of the first f32 element that is NaN or infinite; the models of the kit have no outputs of other types. */
function firstNonFinite({ dtype, shape, ...data }: TensorData): number | undefined {
  if (dtype !== "f32") throw new ConformanceError(`an output has elements of type ${dtype}, the graph's are f32`);
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = Array.from({ length: elementCount(shape) }).findIndex((_, i) => !Number.isFinite(view.getFloat32(i * 4, true)));
  return at < 0 ? undefined : at;
}
