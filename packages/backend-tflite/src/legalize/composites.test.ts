import { f32Tensor, memoryTensor } from "@vlm-export/ir";
import { test } from "vitest";
import { expectMeaning } from "../meaning.fixture.js";
import { Sketch } from "../sketch.fixture.js";

test("attention as one operator keeps its meaning: grouped, masked, causal, capped", async () => {
  const s = new Sketch();
  const [q, k, v] = [s.input("q", [1, 4, 5, 8], 0.02), s.input("k", [1, 2, 5, 8], 0.02), s.input("v", [1, 2, 5, 8])];
  const flat = ["a", "b", "c"].map((name) => s.input(name, [1, 5, 16]));
  const allowed = s.edit.addConstant(
    "allowed",
    memoryTensor(
      "bool",
      [5, 5],
      Uint8Array.from({ length: 25 }, (_, i) => Number(i % 4 !== 1)),
    ),
  );
  const bias = s.float(
    [1, 1, 5, 5],
    f32Tensor(
      Array.from({ length: 25 }, (_, i) => -(i % 7)),
      [1, 1, 5, 5],
    ),
  );
  await expectMeaning(
    s.model(
      s.integers(s.node("Attention", [q, k, v]), 0.02),
      s.node("Attention", [q, k, v, bias], { is_causal: 1 }),
      s.node("Attention", [q, k, v, allowed], { softcap: 2 }),
      s.node("Attention", flat, { q_num_heads: 2, kv_num_heads: 2 }),
    ),
  );
});

test("rotary embeddings as one operator keep their meaning", async () => {
  const s = new Sketch();
  const [x, flat] = [s.input("x", [1, 2, 3, 8], 0.02), s.input("y", [1, 3, 16])];
  const [cos, sin] = [s.float([1, 3, 4]), s.float([1, 3, 4])];
  await expectMeaning(
    s.model(
      s.integers(s.node("RotaryEmbedding", [x, cos, sin]), 0.02),
      s.node("RotaryEmbedding", [x, cos, sin], { interleaved: 1 }),
      s.node("RotaryEmbedding", [flat, cos, sin], { num_heads: 2 }),
    ),
  );
});

test("sums of products by labels keep their meaning, with weights on integers", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 3, 4, 5], 0.02);
  const table = s.weight([3, 6, 5], "i8", 0);
  await expectMeaning(
    s.model(
      s.integers(s.node("Einsum", [x, table], { equation: "bhwc,hkc->bhwk" }), 0.02),
      s.node("Einsum", [x, s.input("y", [2, 3, 4, 5])], { equation: "bhwc,bhwc->bh" }),
    ),
  );
});
