import { f32Tensor, type Graph, GraphEditor, type OpRegistry, type TensorData, type Value } from "@vlm-export/ir";
import { createKernels, type Kernels } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { parseRecipe, type Plan, planGraph } from "@vlm-export/recipe";
import type { Statistics, ValueStatistics } from "./statistics.js";

export const ops: OpRegistry = standardOps();
export const kernels: Kernels = createKernels();

export const random = (count: number, seed: number, gain = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => gain * Math.sin((i + 1) * 12.9898 * seed) * Math.cos(i * 0.37 + seed));

export interface Builder {
  readonly edit: GraphEditor;
  constant(name: string, shape: readonly number[], seed: number): Value;
  node(op: string, inputs: readonly Value[], name: string, attrs?: Record<string, number>): Value;
}

export function builder(): Builder {
  const edit = new GraphEditor(ops, "main");
  return {
    edit,
    constant: (name, shape, seed) =>
      edit.addConstant(
        name,
        f32Tensor(
          random(
            shape.reduce((a, b) => a * b, 1),
            seed,
          ),
          shape,
        ),
      ),
    node: (op, inputs, name, attrs = {}) => edit.insert(op, inputs, attrs, { name: `${name}_node`, outputs: [name] })[0] as Value,
  };
}

/** x[2, 8] → MatMul w1 → Add b1 → Relu → MatMul w2 → y. */
export function mlp(): Graph {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 8] });
  const h = node(
    "Relu",
    [node("Add", [node("MatMul", [x, constant("w1", [8, 6], 1)], "product"), constant("b1", [6], 2)], "sum")],
    "hidden",
  );
  edit.addOutput(node("MatMul", [h, constant("w2", [6, 4], 3)], "y"));
  edit.settle();
  return edit.graph;
}

export async function planOf(graph: Graph, rules: string): Promise<Plan> {
  return planGraph(
    graph,
    await parseRecipe(`version: 1\ncalibration: { samples: 1, seed: 0, method: minmax }\nrules:\n${rules}`, { file: "r.yaml" }),
    { ops },
  );
}

export function statisticsOf(
  values: Readonly<Record<string, Partial<ValueStatistics> & { readonly range: readonly [number, number] }>>,
): Statistics {
  const of = ({ range, ...rest }: { readonly range: readonly [number, number] }): ValueStatistics => ({
    sampleMin: Float32Array.of(range[0]),
    sampleMax: Float32Array.of(range[1]),
    ...rest,
  });
  return {
    samples: 1,
    cached: false,
    equalized: new Map(),
    values: new Map(Object.entries(values).map(([name, value]) => [name, of(value)])),
  };
}

export const floats = (data: TensorData | undefined): number[] => [...new Float32Array((data as TensorData).bytes().slice().buffer)];
export const W8A8 = `  - match: { op: [MatMul, Gemm, Conv] }
    weights: { dtype: int8, granularity: channel, symmetric: true }
    activations: { dtype: int8, granularity: tensor, symmetric: false, mode: static }
`;
