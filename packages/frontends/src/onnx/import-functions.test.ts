import { floatAttribute, onnxAttribute, onnxFunction } from "@vlm-export/formats/onnx";
import { afterAll, expect, test } from "vitest";
import { errorOf, foreign, Imports, node } from "./import.fixture.js";

const imports = new Imports();
afterAll(() => imports.close());

const double = onnxFunction({
  name: "Double",
  domain: "f",
  inputs: ["a"],
  outputs: ["b"],
  attributes: ["alpha"],
  nodes: [
    node("LeakyRelu", ["a"], ["t"], [onnxAttribute("alpha", { kind: "reference", value: "alpha", type: 1 })]),
    node("Add", ["t", "t"], ["b"]),
  ],
  opsetImports: [{ domain: "", version: 17 }],
});

test("model functions are expanded with their attributes bound", async () => {
  const nodes = [
    { ...foreign("f", "Double", ["x"], ["m"], [floatAttribute("alpha", 0.5)]), name: "first" },
    { ...foreign("f", "Double", ["m"], ["y"], []), name: "second" },
  ];
  const opsetImports = [
    { domain: "", version: 17 },
    { domain: "f", version: 1 },
  ];
  expect(await imports.textOf({ nodes }, { opsetImports, functions: [double] })).toEqual([
    "input %x: f32[2, n]",
    '%"first/t": f32[2, n] = LeakyRelu(%x) {alpha = 0.5} name "first/LeakyRelu_0"',
    '%m: f32[2, n] = Add(%"first/t", %"first/t") name "first/Add_1"',
    '%"second/t": f32[2, n] = LeakyRelu(%m) name "second/LeakyRelu_2"',
    '%y: f32[2, n] = Add(%"second/t", %"second/t") name "second/Add_3"',
    "return %y",
  ]);
});

test("operands that a call leaves out are left out where the function hands them on", async () => {
  const bounded = onnxFunction({
    name: "Bounded",
    domain: "f",
    inputs: ["a", "low", "high"],
    outputs: ["b"],
    nodes: [node("Clip", ["a", "low", "high"], ["b"])],
    opsetImports: [{ domain: "", version: 17 }],
  });
  const outer = onnxFunction({ ...bounded, name: "Outer", nodes: [foreign("f", "Bounded", ["a", "low", "high"], ["b"], [])] });
  const functions = [bounded, { ...outer, opsetImports: [{ domain: "f", version: 1 }] }];
  const opsetImports = [
    { domain: "", version: 17 },
    { domain: "f", version: 1 },
  ];
  const clipOf = async (inputs: readonly string[]) =>
    (await imports.textOf({ nodes: [foreign("f", "Outer", inputs, ["y"], [])] }, { opsetImports, functions }))[1]?.split(" name ")[0];
  expect(await clipOf(["x"])).toBe("%y: f32[2, n] = Clip(%x)");
  expect(await clipOf(["x", "", "x"])).toBe("%y: f32[2, n] = Clip(%x, _, %x)");
});

test("functions that call each other in a ring are refused with the ring", async () => {
  const call = (name: string, other: string) =>
    onnxFunction({
      name,
      domain: "f",
      inputs: ["a"],
      outputs: ["b"],
      nodes: [foreign("f", other, ["a"], ["b"], [])],
      opsetImports: [{ domain: "f", version: 1 }],
    });
  const given = { opsetImports: [{ domain: "f", version: 1 }], functions: [call("A", "B"), call("B", "A")] };
  const error = await errorOf(imports.imported({ nodes: [foreign("f", "A", ["x"], ["y"], [])] }, given));
  expect(`${error.code} ${error.message}`).toBe('VX-IMPORT-FUNCTION-CYCLE model functions call each other in a ring: "A" → "B" → "A".');
});

test("functions that expand without end in size are refused", async () => {
  const level = (i: number) =>
    onnxFunction({
      name: `F${i}`,
      domain: "f",
      inputs: ["a"],
      outputs: ["b"],
      nodes: Array.from({ length: 200 }, (_, k) =>
        foreign(i === 0 ? "" : "f", i === 0 ? "Neg" : `F${i - 1}`, ["a"], [k === 0 ? "b" : `t${k}`]),
      ),
      opsetImports: [
        { domain: "f", version: 1 },
        { domain: "", version: 17 },
      ],
    });
  const given = { opsetImports: [{ domain: "f", version: 1 }], functions: Array.from({ length: 12 }, (_, i) => level(i)) };
  const error = await errorOf(imports.imported({ nodes: [foreign("f", "F11", ["x"], ["y"], [])] }, given));
  expect(error.code).toBe("VX-IMPORT-LIMIT");
});

test("a call with more operands than the function has is refused", async () => {
  const opsetImports = [
    { domain: "", version: 17 },
    { domain: "f", version: 1 },
  ];
  const error = await errorOf(
    imports.imported({ nodes: [foreign("f", "Double", ["x", "x"], ["y"])] }, { opsetImports, functions: [double] }),
  );
  expect(`${error.code} ${error.message}`).toBe(
    'VX-IMPORT-FUNCTION-CALL call of model function "Double": 2 inputs and 1 outputs for a function of 1 and 1.',
  );
});

test("functions nested deeper than any model has are refused", async () => {
  const level = (i: number) =>
    onnxFunction({
      name: `F${i}`,
      domain: "f",
      inputs: ["a"],
      outputs: ["b"],
      nodes: [foreign("f", `F${i + 1}`, ["a"], ["b"])],
      opsetImports: [{ domain: "f", version: 1 }],
    });
  const given = { opsetImports: [{ domain: "f", version: 1 }], functions: Array.from({ length: 5000 }, (_, i) => level(i)) };
  const error = await errorOf(imports.imported({ nodes: [foreign("f", "F0", ["x"], ["y"])] }, given));
  expect(error.code).toBe("VX-IMPORT-LIMIT");
});
