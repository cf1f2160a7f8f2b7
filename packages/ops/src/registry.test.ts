import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { standardOps } from "./registry.js";
import { IR_OPSET, operatorAt, operatorVersions } from "./schema.js";

const ops = [...standardOps().all.values()];

/** `ScatterND` → `scatter-nd`, `vlm::QuickGelu` → `quick-gelu`. */
function kebab(name: string): string {
  const local = name.split("::").at(-1) ?? name;
  return local
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

test("every file of src/ops holds the registered op that it is named after, and nothing is missing", () => {
  const files = readdirSync(new URL("ops/", import.meta.url)).filter((file) => !file.includes(".test."));
  expect(files.map((file) => file.replace(/\.ts$/, "")).sort()).toEqual(ops.map((op) => kebab(op.name)).sort());
});

test("every op of the ONNX domain has the inputs of its schema at the pinned opset", () => {
  for (const op of ops.filter((each) => !each.name.includes("::")))
    expect([op.name, op.inputs.map((input) => input.name)]).toEqual([
      op.name,
      operatorAt(op.name, IR_OPSET)?.inputs.map((input) => input.name),
    ]);
});

test("from `since` on every version is an older form of the pinned one: no more inputs, no other attributes", () => {
  for (const op of ops) {
    const pinned = operatorAt(op.name, IR_OPSET);
    const versions = operatorVersions(op.name);
    const first = versions.findLast((version) => version.since <= op.since)?.since ?? 1;
    for (const version of versions.filter((each) => each.since >= first && each.since <= IR_OPSET)) {
      expect(version.inputs.length, `inputs of ${op.name}-${version.since}`).toBeLessThanOrEqual(pinned?.inputs.length ?? 0);
      const strange = [...version.attributes.keys()].filter((name) => !pinned?.attributes.has(name));
      expect(strange, `attributes of ${op.name}-${version.since}`).toEqual([]);
    }
  }
});

test("an op that is not registered is unknown, also under the name of a property of objects", () => {
  for (const name of ["Nonsense", "__proto__", "constructor", "If"]) expect(standardOps().get(name)).toBeUndefined();
});

test("ops that compute say which operands are quantized; ops that never quantize name none", () => {
  for (const op of ops) {
    const parts = op.inputs.filter((input) => input.quantizable);
    expect([op.name, op.quant === "float" ? parts.length === 0 : parts.length > 0]).toEqual([op.name, true]);
  }
});

test("the fixed ranges are those of the functions", () => {
  const ranges = new Map(ops.filter((op) => op.fixedRange).map((op) => [op.name, op.fixedRange]));
  expect(ranges.get("Softmax")).toEqual([0, 1]);
  expect(ranges.get("Sigmoid")).toEqual([0, 1]);
  expect(ranges.get("Tanh")).toEqual([-1, 1]);
  expect(ranges.get("Relu")).toBeUndefined();
});
