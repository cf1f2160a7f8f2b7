import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, type CompatRule, defineBackend, openSite } from "@vlm-export/backend-api";
import { f32Tensor, GraphEditor, memoryTensor, type Model, type Pass, windowsOf } from "@vlm-export/ir";
import { createKernels } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { afterAll, expect, test } from "vitest";
import { stageClock } from "../events.js";
import { runTarget } from "./run-target.js";

const ops = standardOps();
const folder = mkdtempSync(join(tmpdir(), "vlm-export-run-target-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rules: readonly CompatRule[] = [
  { id: "test/no-neg", op: "Neg", units: ["cpu"], verdict: "reject", reason: "Neg has no kernel.", source: "this test" },
  { id: "test/all", op: "*", units: ["cpu"], verdict: "native", reason: "Anything else.", source: "this test" },
];

/** Replaces every Relu by a Neg. */
const negate: Pass = {
  name: "test/negate",
  run(edit) {
    for (const node of edit.graph.nodes.filter(({ op }) => op === "Relu")) {
      const [result] = edit.insert("Neg", [node.inputs[0]!], {}, { name: "made_by_legalize" });
      edit.replaceAllUses(node.outputs[0]!, result!);
      edit.erase(node);
    }
    return { modified: true };
  },
};

function backendThat(overrides: Partial<Backend>): Backend {
  return defineBackend({
    name: "test",
    apiVersion: 1,
    capabilities: {
      units: ["cpu"],
      weights: ["i8"],
      activations: ["i8"],
      granularities: ["tensor"],
      blockSizes: [],
      rules,
      optionsSchema: {},
    },
    lower: () => undefined,
    emit: async () => ({ formatVersion: "1", tensors: [] }),
    decode: async () => ({ decoder: "test", tensors: [] }),
    ...overrides,
  });
}

function reluModel(): Model {
  const edit = new GraphEditor(ops, "main");
  edit.addOutput(edit.insert("Relu", [edit.addInput("x", { dtype: "f32", shape: [2] })])[0]!);
  return modelOf(edit);
}

/** One product with a weight of four integers in memory. */
function weightModel(): Model {
  const edit = new GraphEditor(ops, "main");
  const weight = edit.addConstant("w", memoryTensor("i8", [2, 2], Uint8Array.of(1, 2, 3, 4)), {
    dtype: "f32",
    shape: [2, 2],
    quant: { storage: "i8", range: [-127, 127], granularity: "tensor", mode: "static", scale: f32Tensor([0.5], [1, 1]) },
  });
  edit.addOutput(edit.insert("MatMul", [edit.addInput("x", { dtype: "f32", shape: [2, 2] }), weight])[0]!);
  return modelOf(edit);
}

function modelOf({ graph }: GraphEditor): Model {
  return { name: "m", components: new Map([["main", graph]]), links: [], metadata: new Map(), sources: [], opsets: new Map() };
}

function run(backend: Backend, model = reluModel(), onLoss: "refuse" | "fallback" = "refuse") {
  const site = openSite({ backend, dir: folder, tmpRoot: folder, options: undefined, ops, environment: {}, idleMs: 100 });
  return runTarget(site, { model, onLoss, kernels: createKernels(), clock: stageClock(() => undefined) });
}

test("a node that legalize makes and the rules reject is refused by name before lower", async () => {
  let isLowered = false;
  const refused = run(backendThat({ legalize: [negate], lower: () => void (isLowered = true) }));
  await expect(refused).rejects.toMatchObject({
    diagnostics: [
      {
        code: "VX-CHECK-REJECTED",
        message: expect.stringContaining("Neg has no kernel."),
        where: { stage: "check", node: "made_by_legalize" },
      },
    ],
  });
  expect(isLowered).toBe(false);
});

test("a crash of a hook is a coded error that names the hook", async () => {
  const crashed = run(
    backendThat({
      lower: () => {
        throw new TypeError("undefined is no layout");
      },
    }),
  );
  await expect(crashed).rejects.toMatchObject({ diagnostic: { code: "VX-PLUGIN-CRASH", where: { backend: "test" } } });
});

test("a hook that writes into the bytes that it reads leaves the frozen model as it is", async () => {
  const model = weightModel();
  const lower: Backend["lower"] = ({ components }) => {
    for (const { data } of components.get("main")!.constants) for (const window of windowsOf(data!)) window.fill(9);
  };
  const tensors = [{ component: "main", value: "w", key: "w", reencodings: [] }];
  await run(backendThat({ lower, emit: async () => ({ formatVersion: "1", tensors }) }), model);
  expect([...model.components.get("main")!.value("w")!.data!.bytes()]).toEqual([1, 2, 3, 4]);
});

test("a quantized value must be listed or, where the recipe allows it, lost", async () => {
  const unlisted = { code: "VX-PLUGIN-UNLISTED", where: { stage: "emit", backend: "test", component: "main", value: "w" } };
  await expect(run(backendThat({}), weightModel())).rejects.toMatchObject({ kind: "verify", diagnostic: unlisted });
  const losses = [{ component: "main", value: "w", reason: "no int8", resolution: "fallback" as const }];
  const losing = backendThat({
    emit: async () => ({ formatVersion: "1", tensors: [], losses: losses.map((loss) => ({ ...loss, odd: 1 })) }),
  });
  expect((await run(losing, weightModel(), "fallback")).losses).toEqual(losses);
  await expect(run(losing, weightModel())).rejects.toMatchObject({
    kind: "user",
    diagnostic: { code: "VX-CHECK-CAPABILITY", message: "target test cannot hold the value as decided: no int8.", where: { value: "w" } },
  });
});

test("an emit that gives nothing, or never ends, is blamed", async () => {
  await expect(run(backendThat({ emit: async () => undefined as never }))).rejects.toMatchObject({
    diagnostic: { code: "VX-PLUGIN-CRASH", where: { stage: "emit", backend: "test" } },
  });
  await expect(run(backendThat({ emit: () => new Promise(() => undefined) }))).rejects.toMatchObject({
    diagnostic: { code: "VX-PLUGIN-TIMEOUT", where: { stage: "emit", backend: "test" } },
  });
});
