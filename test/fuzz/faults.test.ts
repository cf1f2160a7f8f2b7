import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLI, type Finished, temporaryFolder, vlmExport } from "../e2e/run-cli.js";
import { seedModels } from "./seed-models.js";

const PRELOAD = fileURLToPath(new URL("fault-at.mjs", import.meta.url));
const folder = temporaryFolder();
const model = join(folder.path, "model.onnx");
afterAll(() => folder.remove());

/** A folder of its own for runs that go on beside those of other lanes. */
interface Lane {
  readonly parent: string;
  readonly out: string;
}

/** Runs the smallest export with a fault right before its n-th change of the file system; 0 lets it end and counts. */
function withFault(kind: "kill" | "full", n: number, { out }: Lane): Promise<Finished> {
  return new Promise((resolve) => {
    const args = ["--import", PRELOAD, CLI, model, "-t", "null", "-o", out, "--verify", "decode", "--cache", "off", "--quiet"];
    const child = spawn(process.execPath, args, { env: { ...process.env, FAULT: kind, FAULT_AT: String(n), CI: "true" } });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const hidden = ({ parent }: Lane): readonly string[] => readdirSync(parent).filter((name) => name.startsWith("."));
const verified = ({ out }: Lane): number | null => vlmExport(["verify", out, "--quiet"]).code;

let lanes: readonly Lane[] = [];
let writes = 0;

beforeAll(async () => {
  writeFileSync(model, (await seedModels())[0]!);
  lanes = ["a", "b"].map((name) => ({ parent: join(folder.path, name), out: join(folder.path, name, "dist") }));
  for (const { parent } of lanes) mkdirSync(parent);
  const [first] = lanes;
  writes = Number(/writes: (\d+)/.exec((await withFault("kill", 0, first!)).stdout)?.[1]);
  rmSync(first!.out, { recursive: true });
  expect(writes).toBeGreaterThan(20);
});

/** Goes through the points of a fault in as many lanes as there are. */
async function atEvery(step: number, action: (n: number, lane: Lane) => Promise<void>): Promise<void> {
  const points = Array.from({ length: Math.ceil(writes / step) }, (_, i) => 1 + i * step);
  await Promise.all(
    lanes.map(async (lane, which) => {
      for (const n of points.filter((_, i) => i % lanes.length === which)) await action(n, lane);
    }),
  );
}

test("killed at every write in turn, a run leaves a whole, verified output or none, and the next run cleans up", async () => {
  await atEvery(1, async (n, lane) => {
    await withFault("kill", n, lane);
    if (existsSync(lane.out)) expect({ n, code: verified(lane) }).toEqual({ n, code: 0 });
  });
  for (const lane of lanes) {
    const last = await withFault("kill", 0, lane);
    expect({ code: last.code, stderr: last.stderr }).toMatchObject({ code: 0 });
    expect([verified(lane), hidden(lane)]).toEqual([0, []]);
  }
}, 400_000);

test("on a disk that is full from any write on, a run ends with a code, keeps the earlier output and leaves nothing", async () => {
  await atEvery(9, async (n, lane) => {
    const { code, stderr } = await withFault("full", n, lane);
    if (code !== 0) expect({ n, code, stderr }).toMatchObject({ n, code: 1, stderr: expect.stringMatching(/VX-(EMIT|QUANT|ENGINE)-/) });
    expect({ n, verified: verified(lane), hidden: hidden(lane) }).toEqual({ n, verified: 0, hidden: [] });
  });
}, 400_000);
