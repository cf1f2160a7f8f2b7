import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, type CompatRule, defineBackend, openSite } from "@vlm-export/backend-api";
import { GraphEditor, type Model, type Pass } from "@vlm-export/ir";
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

function run(backend: Backend) {
  const edit = new GraphEditor(ops, "main");
  edit.addOutput(edit.insert("Relu", [edit.addInput("x", { dtype: "f32", shape: [2] })])[0]!);
  const model: Model = {
    name: "m",
    components: new Map([["main", edit.graph]]),
    links: [],
    metadata: new Map(),
    sources: [],
    opsets: new Map(),
  };
  const site = openSite({ backend, dir: folder, tmpRoot: folder, options: undefined, ops, environment: {} });
  return runTarget(site, { model, onLoss: "refuse", kernels: createKernels(), clock: stageClock(() => undefined) });
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
