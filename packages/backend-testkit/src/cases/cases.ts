import { f32Tensor, type Graph, GraphEditor, memoryTensor, type OpRegistry, type TensorType, type Value } from "@vlm-export/ir";
import { type IntegerType, pack } from "@vlm-export/numerics";
import { activationType, type ConformanceCase, modelOf, quantizedConstant, type WeightForm } from "./case.js";

const K = 64;
const N = 32;
const INPUT: TensorType = { dtype: "f32", shape: [4, K] };

function weightOnly(name: string, form: WeightForm, [k, n]: readonly [number, number] = [K, N]): ConformanceCase {
  return {
    name: `weight-only ${name}`,
    build(ops) {
      const edit = new GraphEditor(ops, "main");
      const weight = quantizedConstant(edit, "w", [k, n], form);
      const x = edit.addInput("x", { dtype: "f32", shape: [4, k] });
      addOutput(edit, edit.insert("MatMul", [x, weight], {}, { outputs: ["y"] })[0]);
      return modelOf(name, edit.graph);
    },
  };
}

function addOutput(edit: GraphEditor, value: Parameters<GraphEditor["addOutput"]>[0] | undefined): void {
  if (value) edit.addOutput(value);
}

/** x·W with quantized input, weight, and output. */
function staticMatMul(storage: IntegerType, zeroPoint: number): ConformanceCase {
  return {
    name: `static MatMul, ${storage} activations, zeroPoint ${zeroPoint}`,
    build(ops) {
      const edit = new GraphEditor(ops, "main");
      const x = edit.addInput("x", activationType([4, K], storage, 0.03125, zeroPoint));
      const weight = quantizedConstant(edit, "w", [K, N], {
        storage: "i8",
        range: [-127, 127],
        granularity: "channel",
        scaleShape: [1, N],
      });
      addOutput(
        edit,
        edit.insert("MatMul", [x, weight], {}, { outputs: ["y"], types: [activationType([4, N], storage, 0.5, zeroPoint)] })[0],
      );
      return modelOf(`static-${storage}`, edit.graph);
    },
  };
}

/** A convolution with int32 bias; its weight has one scale per output channel. */
const convolution: ConformanceCase = {
  name: "static Conv with int32 bias",
  build(ops) {
    const edit = new GraphEditor(ops, "main");
    const x = edit.addInput("x", activationType([1, 3, 8, 8], "i8", 0.03125, 3));
    const weight = quantizedConstant(edit, "w", [8, 3, 3, 3], {
      storage: "i8",
      range: [-127, 127],
      granularity: "channel",
      scaleShape: [8, 1, 1, 1],
    });
    const scale = f32Tensor(
      Array.from({ length: 8 }, (_, i) => (0.03125 * (1 + i)) / 1024),
      [8],
    );
    const bias = edit.addConstant("b", memoryTensor("i32", [8], pack([1, -2, 300, -40_000, 5, 6, 7, 2 ** 30], "i32")), {
      dtype: "f32",
      shape: [8],
      quant: { storage: "i32", range: [-(2 ** 31), 2 ** 31 - 1], granularity: "channel", mode: "static", scale },
    });
    addOutput(
      edit,
      edit.insert(
        "Conv",
        [x, weight, bias],
        { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] },
        { outputs: ["y"], types: [activationType([1, 8, 8, 8], "i8", 0.25, -5)] },
      )[0],
    );
    return modelOf("conv", edit.graph);
  },
};

/** x·W + b with the bias in float, with numbers that only a comparison of bits tells apart from 0. */
const floatBias: ConformanceCase = {
  name: "weight-only with a float bias",
  build(ops) {
    const edit = new GraphEditor(ops, "main");
    const weight = quantizedConstant(edit, "w", [K, N], { storage: "i8", range: [-127, 127], granularity: "channel", scaleShape: [1, N] });
    const [product] = edit.insert("MatMul", [edit.addInput("x", INPUT), weight]);
    const numbers = Array.from({ length: N }, (_, i) => (i % 8 === 0 ? -0 : i % 8 === 1 ? 2 ** -149 : (i - 9) / 7));
    const bias = edit.addConstant("b", f32Tensor(numbers, [N]));
    addOutput(edit, edit.insert("Add", [product as typeof bias, bias], {}, { outputs: ["y"] })[0]);
    return modelOf("float-bias", edit.graph);
  },
};

/** Names that trip code which keeps names in plain objects or paths. */
const names: ConformanceCase = {
  name: "names that are traps",
  build(ops: OpRegistry) {
    const edit = new GraphEditor(ops, "main");
    const traps = ["__proto__", "constructor", "../../etc/x", "a b\"c'", "\u202eabc", "toString"];
    let value = edit.addInput("x", { dtype: "f32", shape: [4, K] });
    for (const trap of traps) {
      const weight = quantizedConstant(edit, trap, [K, K], {
        storage: "i8",
        range: [-127, 127],
        granularity: "channel",
        scaleShape: [1, K],
      });
      value = edit.insert("MatMul", [value, weight], {}, { outputs: [`${trap}/out`] })[0] ?? value;
    }
    edit.addOutput(value);
    return modelOf("names", edit.graph);
  },
};

/** The weights of {@link conditional}: one that both branches read, and one of a single branch. */
const SHARED: WeightForm = { storage: "i8", range: [-127, 127], granularity: "channel", scaleShape: [1, N] };
const OWN: WeightForm = { storage: "i8", range: [-127, 127], granularity: "tensor", scaleShape: [1, 1] };

/** x · weights, one after the other, in a graph that takes all of them from outside. */
function branch(edit: GraphEditor, name: string, [x, ...weights]: readonly Value[]): Graph {
  const inside = new GraphEditor(edit.ops, name);
  const [input, ...factors] = [x, ...weights].flatMap((value) => (value ? inside.addCapture(value.name, value.type) : []));
  const product = factors.reduce((left, right) => inside.insert("MatMul", [left, right])[0] ?? left, input as Value);
  inside.addOutput(product);
  return inside.graph;
}

/** x·W·V where the greatest x is positive, else x·W: the graphs inside If have no weights of their own, they capture those of the graph around. */
const conditional: ConformanceCase = {
  name: "weight-only inside If",
  build(ops) {
    const edit = new GraphEditor(ops, "main");
    const x = edit.addInput("x", INPUT);
    const shared = quantizedConstant(edit, "shared", [K, N], SHARED);
    const own = quantizedConstant(edit, "if/then_branch/own", [N, N], OWN);
    const zero = edit.addConstant("zero", f32Tensor([0], []));
    const [greatest] = edit.insert("ReduceMax", [x], { keepdims: 0 });
    const [isPositive] = edit.insert("Greater", [greatest as Value, zero]);
    const attrs = {
      then_branch: { kind: "graph", graph: branch(edit, "then", [x, shared, own]) },
      else_branch: { kind: "graph", graph: branch(edit, "else", [x, shared]) },
    } as const;
    const captures = new Map([x, shared, own].map((value) => [value.name, value]));
    const types = [{ dtype: "f32", shape: [4, N] } as const];
    addOutput(edit, edit.insert("If", [isPositive as Value], attrs, { name: "if", captures, outputs: ["y"], types })[0]);
    return modelOf("conditional", edit.graph);
  },
};

/** All cases; a backend rejects by a rule what its format does not hold. */
export const conformanceCases: readonly ConformanceCase[] = [
  weightOnly("i8 per tensor", { storage: "i8", range: [-127, 127], granularity: "tensor", scaleShape: [1, 1] }),
  weightOnly("i8 per channel", { storage: "i8", range: [-127, 127], granularity: "channel", scaleShape: [1, N] }),
  weightOnly("u8 per channel, asymmetric", {
    storage: "u8",
    range: [0, 255],
    granularity: "channel",
    scaleShape: [1, N],
    isAsymmetric: true,
  }),
  weightOnly("i8 per channel, asymmetric", {
    storage: "i8",
    range: [-128, 127],
    granularity: "channel",
    scaleShape: [1, N],
    isAsymmetric: true,
  }),
  weightOnly("i8 per channel, scales in f16", {
    storage: "i8",
    range: [-127, 127],
    granularity: "channel",
    scaleShape: [1, N],
    hasHalfScales: true,
  }),
  weightOnly("i8 of more than 1 MiB", { storage: "i8", range: [-127, 127], granularity: "channel", scaleShape: [1, 1056] }, [1024, 1056]),
  weightOnly("i8 per block of 32", { storage: "i8", range: [-127, 127], granularity: "block", scaleShape: [K / 32, N] }),
  weightOnly("i4 per channel", { storage: "i4", range: [-7, 7], granularity: "channel", scaleShape: [1, N] }),
  weightOnly("i4, an odd number of them", { storage: "i4", range: [-7, 7], granularity: "channel", scaleShape: [1, 5] }, [33, 5]),
  weightOnly("i4 per block of 32", { storage: "i4", range: [-7, 7], granularity: "block", scaleShape: [K / 32, N] }),
  weightOnly("u4 per block of 32, asymmetric", {
    storage: "u4",
    range: [0, 15],
    granularity: "block",
    scaleShape: [K / 32, N],
    isAsymmetric: true,
  }),
  weightOnly("i2 per channel", { storage: "i2", range: [-1, 1], granularity: "channel", scaleShape: [1, N] }),
  staticMatMul("i8", 0),
  staticMatMul("i8", -7),
  staticMatMul("u8", 131),
  staticMatMul("i16", 0),
  staticMatMul("u16", 32768),
  convolution,
  floatBias,
  names,
  conditional,
];
