import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { f32Tensor, type Graph, GraphEditor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { createEngine, Engine } from "../index.js";
import { EngineThread } from "./engine-thread.js";
import { createThreadLoader } from "./thread-loader.js";

const packageFolder = join(dirname(fileURLToPath(import.meta.url)), "../..");
const root = mkdtempSync(join(tmpdir(), "engine-thread-"));
const ops = standardOps();
let engine: Engine;

/** The built package, whose engine runs on its own thread. Not built here: other tests run the built command meanwhile. */
beforeAll(async () => {
  const built = (await import(join(packageFolder, "dist/index.js"))) as { createEngine: typeof createEngine };
  engine = await built.createEngine({ tempRoot: join(root, "temp") });
});
afterAll(() => {
  engine.close();
  expect(readdirSync(join(root, "temp"))).toEqual([]);
  rmSync(root, { recursive: true });
});

/** inner = 2·x, y = x[i] of inner. */
function gathered(): Graph {
  const edit = new GraphEditor(ops, "g");
  const [x, i] = [edit.addInput("x", { dtype: "f32", shape: ["n"] }), edit.addInput("i", { dtype: "i64", shape: [1] })];
  const [inner] = edit.insert("Mul", [x, edit.addConstant("two", f32Tensor([2], []))], {}, { outputs: ["inner"] });
  const [y] = edit.insert("Gather", [inner ?? null, i], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  return edit.graph;
}

function sampleOf(index: bigint): ReadonlyMap<string, ReturnType<typeof f32Tensor>> {
  const bytes = new Uint8Array(BigInt64Array.of(index).buffer);
  const i = { dtype: "i64" as const, shape: [1], byteLength: 8, bytes: (begin = 0, end = 8) => bytes.subarray(begin, end) };
  return new Map([
    ["x", f32Tensor([1, -2, 4], [3])],
    ["i", i],
  ]);
}

test("results, ranges and tensors come back from the thread, and the caller's sample stays", async () => {
  const session = await engine.openGraph({
    graph: gathered(),
    ops,
    taps: [
      { value: "inner", kind: "tensor" },
      { value: "x", kind: "range" },
    ],
  });
  const sample = sampleOf(1n);
  for (const round of [1, 2]) {
    const { outputs, tensors, ranges } = await session.run(sample);
    expect([round, [...new Float32Array(outputs.get("y")!.buffer)]]).toEqual([round, [-4]]);
    expect([...new Float32Array(tensors.get("inner")!.buffer)]).toEqual([2, -4, 8]);
    expect(ranges.get("x")).toEqual([-2, 4]);
  }
  expect(session.inputs.map(({ name }) => name)).toEqual(["x", "i"]);
  await session.close();
});

test("errors of the engine keep their code, and the thread goes on", async () => {
  const session = await engine.openGraph({ graph: gathered(), ops });
  await expect(session.run(sampleOf(9n))).rejects.toMatchObject({ name: "VxError", diagnostic: { code: "VX-ENGINE-RUN" }, kind: "tool" });
  await expect(session.run(new Map())).rejects.toMatchObject({ diagnostic: { code: "VX-ENGINE-INPUT-MISSING" } });
  await expect(engine.openFile(join(root, "none.onnx"))).rejects.toMatchObject({ diagnostic: { code: "VX-ENGINE-LOAD" } });
  expect((await session.run(sampleOf(0n))).outputs.get("y")?.shape).toEqual([1]);
  await session.close();
  await expect(session.run(sampleOf(0n))).rejects.toMatchObject({ diagnostic: { code: "VX-ENGINE-CLOSED" } });
});

test("an observer runs on the thread, where it loads its module", async () => {
  const module = join(root, "observer.mjs");
  writeFileSync(
    module,
    `import { isMainThread } from "node:worker_threads";
    export const createObserver = (settings) => {
      let sum = 0;
      return {
        async observe(tensors) {
          for (const { buffer } of tensors.values()) for (const x of new Float32Array(buffer)) sum += x;
          return { isMainThread, settings };
        },
        async answer(question) { if (question === "fail") throw new Error("observer failed"); return sum; },
        async close() {},
      };
    };`,
  );
  const observer = {
    module: pathToFileURL(module),
    load: () => Promise.reject(new Error("loaded on the wrong thread")),
    settings: { a: 1 },
  };
  const session = await engine.openGraph({ graph: gathered(), ops, taps: [{ value: "inner", kind: "tensor" }], observer });
  const { observed, tensors } = await session.run(sampleOf(0n));
  expect([observed, tensors.size]).toEqual([{ isMainThread: false, settings: { a: 1 } }, 0]);
  await session.run(sampleOf(0n));
  expect(await session.ask("sum")).toBe(12);
  await expect(session.ask("fail")).rejects.toThrow("observer failed");
  await session.close();
});

test("a thread that is gone answers this and every later question with the reason", async () => {
  const module = join(root, "gone.mjs");
  writeFileSync(module, 'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(3));');
  const thread = new EngineThread(pathToFileURL(module));
  for (const _ of ["this", "later"]) await expect(thread.ask("start", [])).rejects.toThrow("ended with code 3");
});

test("a question that cannot be sent is not waited for", async () => {
  const module = join(root, "silent.mjs");
  writeFileSync(module, 'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => undefined);');
  const thread = new EngineThread(pathToFileURL(module));
  await expect(thread.ask("ask", [1, () => undefined])).rejects.toThrow("could not be cloned");
  thread.end();
  await expect(thread.ask("start", [])).rejects.toThrow("ended with code");
});

test("a thread whose engine does not start is ended", async () => {
  const [module, beats] = [join(root, "unable.mjs"), join(root, "beats")];
  writeFileSync(
    module,
    `import { appendFileSync } from "node:fs";
    import { parentPort } from "node:worker_threads";
    setInterval(() => appendFileSync(${JSON.stringify(beats)}, "."), 5);
    parentPort.on("message", ({ id }) => setTimeout(() => parentPort.postMessage({ id, failure: { stack: "no engine" } }), 50));`,
  );
  await expect(createThreadLoader(pathToFileURL(module))).rejects.toThrow("no engine");
  await setTimeout(100);
  const before = statSync(beats).size;
  await setTimeout(100);
  expect(statSync(beats).size).toBe(before);
});

test("a process ends by itself, with the engine open or closed", () => {
  for (const end of ["", "engine.close();"]) {
    const program = `import { createEngine } from ${JSON.stringify(join(packageFolder, "dist/index.js"))};
      const engine = await createEngine();
      ${end}
      console.log(engine.name);`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], { timeout: 30_000 }).toString();
    expect(printed).toBe("onnxruntime-node\n");
  }
});
