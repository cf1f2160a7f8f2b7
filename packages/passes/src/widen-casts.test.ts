import { type Graph, GraphEditor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { foldConstants } from "./fold-constants.js";
import { type Builder, builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();
const F32 = { to: 1 };
const [ROWS, COLUMNS] = [64, 48];

/** x · Cast(w) with w in f16; `more` adds readers of w. */
function product(type: "f16" | "bf16", build: (b: Builder, w: ReturnType<Builder["constant"]>) => Graph): Graph {
  const b = builder();
  const values = Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(i));
  return build(b, b.constant(values, [ROWS, COLUMNS], type));
}

const factsOf = (graph: Graph) => graph.constants.map(({ name, type, data }) => [name, type.dtype, data?.narrow?.dtype]);

test.each(["f16", "bf16"] as const)("all Casts of a constant in %s become one constant of its name", async (type) => {
  const graph = product(type, (b, w) => {
    const x = b.input("x", [2, ROWS]);
    return b.finish(b.op("MatMul", [x, b.op("Cast", [w], F32)]), b.op("MatMul", [b.op("Neg", [x]), b.op("Cast", [w], F32)]));
  });
  const after = rewrite(graph, foldConstants);
  expect(opsOf(after)).toEqual(["MatMul", "Neg", "MatMul"]);
  expect(factsOf(after)).toEqual([["c", "f32", type]]);
  expect(after.constants[0]!.data!.narrow).toBe(graph.constants[0]!.data);
  if (type === "f16") await engine.expectSame(graph, foldConstants, ["MatMul", "Neg", "MatMul"]);
});

test("a constant that is read as f16 too stays beside its f32 form", async () => {
  const graph = product("f16", (b, w) => {
    const [x, half] = [b.input("x", [2, ROWS]), b.input("half", [2, ROWS], "f16")];
    return b.finish(b.op("MatMul", [x, b.op("Cast", [w], F32)]), b.op("Cast", [b.op("MatMul", [half, w])], F32));
  });
  const after = await engine.expectSame(graph, foldConstants, ["MatMul", "MatMul", "Cast"], 1e-3);
  expect(factsOf(after)).toEqual([
    ["c", "f16", undefined],
    ["c_f32", "f32", "f16"],
  ]);
});

test("a transposed constant is moved as it is stored, before and behind its Cast", async () => {
  const transposed = (castFirst: boolean) =>
    product("f16", (b, w) => {
      const perm = { perm: [1, 0] };
      const wide = castFirst ? b.op("Transpose", [b.op("Cast", [w], F32)], perm) : b.op("Cast", [b.op("Transpose", [w], perm)], F32);
      return b.finish(b.op("MatMul", [b.input("x", [2, COLUMNS]), wide]));
    });
  for (const castFirst of [true, false]) {
    const after = await engine.expectSame(transposed(castFirst), foldConstants, ["MatMul"]);
    expect(after.constants.map(({ data }) => [data?.dtype, data?.narrow?.dtype, data?.narrow?.shape])).toEqual([
      ["f32", "f16", [COLUMNS, ROWS]],
    ]);
  }
});

test("a small constant is converted, and a Cast to another type is evaluated", () => {
  const b = builder();
  const small = b.op("Cast", [b.constant([1, 2], [2], "f16")], F32);
  expect(factsOf(rewrite(b.finish(b.op("Add", [b.input("x", [2]), small])), foldConstants))).toEqual([
    ["Cast_0_value_0_folded", "f32", undefined],
  ]);
  const ints = product("f16", (c, w) => c.finish(c.op("Add", [c.input("x", [ROWS, COLUMNS], "i32"), c.op("Cast", [w], { to: 6 })])));
  expect(factsOf(rewrite(ints, foldConstants)).map(([, dtype]) => dtype)).toEqual(["i32"]);
});

test("a constant of any size is widened, because nothing is read", () => {
  const b = builder();
  const shape = [1 << 17, 1 << 16];
  const unreadable = () => {
    throw new Error("read");
  };
  const edit = new GraphEditor(b.edit.ops, b.graph);
  const w = edit.addConstant("huge", { dtype: "bf16", shape, byteLength: 2 ** 34, bytes: unreadable });
  const after = rewrite(b.finish(b.op("MatMul", [b.input("x", [1, 1 << 17]), b.op("Cast", [w], F32)])), foldConstants);
  expect([opsOf(after), factsOf(after)]).toEqual([["MatMul"], [["huge", "f32", "bf16"]]]);
});

test("a Cast that is a graph output leaves the output its name", async () => {
  const graph = product("f16", (b, w) => b.finish(b.op("Cast", [w], F32), b.op("Neg", [b.input("x", [1])])));
  const after = await engine.expectSame(graph, foldConstants, ["Neg", "Identity"]);
  expect(after.outputs.map(({ name }) => name)).toEqual(["y", "y1"]);
});
