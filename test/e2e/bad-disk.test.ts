import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onnxTensor } from "@vlm-export/formats/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLASSIFIER, CLI, type Finished, interrupted, ROOT, temporaryFolder, vlmExport } from "./run-cli.js";
import { onnxBytes, ramp, twoLayers } from "./small-models.js";

const folder = temporaryFolder();
const model = join(folder.path, "model.onnx");
afterAll(() => folder.remove());
beforeAll(async () => writeFileSync(model, await onnxBytes(twoLayers())));

let count = 0;
/** An empty folder to make an output in. */
function emptyFolder(): string {
  const path = join(folder.path, String((count += 1)));
  mkdirSync(path);
  return path;
}

const args = (out: string): string[] => [model, "-t", "onnx-qdq", "-o", out, "--verify", "decode", "--cache", "off", "--quiet"];
const ended = ({ code, stderr }: Finished, expected: string): void =>
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(expected) });

test("--cache that is asked for and cannot be made is refused before anything is read", () => {
  const at = emptyFolder();
  writeFileSync(join(at, "file"), "mine");
  const run = vlmExport([model, "-t", "onnx-qdq", "-o", join(at, "dist"), "--cache", join(at, "file/cache"), "--quiet"]);
  ended(run, `VX-CLI-CACHE ${join(at, "file/cache")}: --cache:`);
  expect(run.stderr).toContain("hint: Name a folder that you may write, or --cache off.");
  expect(readdirSync(at)).toEqual(["file"]);
});

describe("--out", () => {
  test("that is a file stays the file that it is", () => {
    const at = emptyFolder();
    writeFileSync(join(at, "dist"), "mine");
    ended(vlmExport(args(join(at, "dist"))), "VX-EMIT-FOLDER-FOREIGN");
    expect([readFileSync(join(at, "dist"), "utf8"), readdirSync(at)]).toEqual(["mine", ["dist"]]);
  });

  test("below a file is refused", () => {
    const at = emptyFolder();
    writeFileSync(join(at, "file"), "mine");
    ended(vlmExport(args(join(at, "file/dist"))), "VX-EMIT-WRITE");
    expect([readFileSync(join(at, "file"), "utf8"), readdirSync(at)]).toEqual(["mine", ["file"]]);
  });

  test("of an earlier run is replaced, and not once somebody put a file into it", () => {
    const at = emptyFolder();
    const out = join(at, "dist");
    expect([vlmExport(args(out)).code, vlmExport(args(out)).code]).toEqual([0, 0]);
    writeFileSync(join(out, "onnx-qdq/notes.txt"), "mine");
    ended(vlmExport(args(out)), "holds onnx-qdq/notes.txt");
    expect([readFileSync(join(out, "onnx-qdq/notes.txt"), "utf8"), readdirSync(at)]).toEqual(["mine", ["dist"]]);
    expect(vlmExport(["verify", out]).code).toBe(0);
  });

  test("on a read-only file system is refused before a weight is read", () => {
    const at = emptyFolder();
    const preload = fileURLToPath(new URL("refuse-writes.mjs", import.meta.url));
    const run = vlmExport(args(join(at, "dist")), { nodeArgs: ["--import", preload], env: { REFUSE_BELOW: at } });
    ended(run, "VX-EMIT-WRITE");
    expect(run.stderr).toMatch(/EROFS[\s\S]*hint: Check that the folder exists and is writable/);
    expect(readdirSync(at)).toEqual([]);
  });
});

test.skipIf(process.platform === "win32")("a file that cannot grow ends the run with a code, and the earlier output stays", async () => {
  const at = emptyFolder();
  const out = join(at, "dist");
  expect(vlmExport(args(out)).code).toBe(0);
  const before = readFileSync(join(out, "manifest.json"));
  const large = join(at, "large.onnx");
  const { graph, ...rest } = twoLayers();
  const padding = onnxTensor("unused", "f32", [1 << 16], ramp(1 << 16));
  writeFileSync(
    large,
    await onnxBytes({
      ...rest,
      graph: {
        ...graph,
        initializers: [...graph.initializers, padding],
        outputs: [
          ...graph.outputs,
          { ...graph.outputs[0]!, name: "unused", type: { kind: "tensor", elemType: 1, shape: undefined, denotation: "" } },
        ],
      },
    }),
  );
  expect(statSync(large).size).toBeGreaterThan(200_000);
  const command = `ulimit -f 100; exec "$0" "$@"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command, process.execPath, CLI, large, ...args(out).slice(1)], {
    encoding: "utf8",
    env: { ...process.env, CI: "true" },
  });
  ended({ code: status, stdout, stderr }, "VX-EMIT-FILE-FULL");
  expect(stderr).toContain("EFBIG");
  expect([readFileSync(join(out, "manifest.json")), readdirSync(at).toSorted()]).toEqual([before, ["dist", "large.onnx"]]);
  expect(existsSync(join(out, "onnx-qdq/model.onnx"))).toBe(true);
});

test.each(["quantize:"])("Ctrl-C after %s ends with 130; no temporary file and no output stays", async (after) => {
  const at = emptyFolder();
  const temporary = emptyFolder();
  const recipe = join(ROOT, "examples/classifier-int8.yaml");
  const words = [CLASSIFIER, "-r", recipe, "-t", "onnx-qdq", "-o", join(at, "dist"), "--cache", join(at, "cache")];
  const { code, stderr } = await interrupted(words, (text) => text.includes(after), { TMPDIR: temporary, TEMP: temporary, TMP: temporary });
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining("VX-") });
  expect([readdirSync(at).filter((name) => name !== "cache"), readdirSync(temporary)]).toEqual([[], []]);
});

test("a model that is a folder or not there is a coded error", () => {
  const at = emptyFolder();
  mkdirSync(join(at, "folder.onnx"));
  for (const [name, code] of [
    ["folder.onnx", "VX-IMPORT-FORMAT"],
    ["gone.onnx", "VX-IMPORT-FILE-"],
  ] as const)
    ended(vlmExport([join(at, name), ...args(join(at, "dist")).slice(1)]), code);
  expect(readdirSync(at)).toEqual(["folder.onnx"]);
});
