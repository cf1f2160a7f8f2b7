import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { explainRecipe, loadRecipe, parseRecipe, type Recipe, withCalibrationData } from "./index.js";

const TOP = `version: 1
extends: ../shared/base.yaml
eval: { data: eval.jsonl, labels: labels.json }
plugins: [./good, vlm-export-backend-acme]
`;

let folder = "";
let recipe = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "recipe-paths-"));
  recipe = await project("one");
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rm(folder, { recursive: true }));

/** A recipe and its base in two folders side by side. */
async function project(name: string): Promise<string> {
  const at = path.join(folder, name);
  await mkdir(path.join(at, "mine"), { recursive: true });
  await mkdir(path.join(at, "shared"));
  await writeFile(path.join(at, "shared", "base.yaml"), "version: 1\ncalibration: { data: c.jsonl }\n");
  await writeFile(path.join(at, "mine", "r.yaml"), TOP);
  return path.join(at, "mine", "r.yaml");
}

async function hashIn(cwd: string, load: () => Promise<Recipe>): Promise<string> {
  vi.spyOn(process, "cwd").mockReturnValue(cwd);
  const { hash } = await load();
  vi.restoreAllMocks();
  return hash;
}

test("relative plugins become absolute paths, and names stay names", async () => {
  const { plugins, origins } = await loadRecipe(path.relative(process.cwd(), recipe));
  const good = path.join(path.dirname(recipe), "good");
  expect(plugins).toEqual([good, "vlm-export-backend-acme"]);
  expect(origins.get(`plugins.${good}`)).toMatchObject({ line: 4, column: 11 });
});

test("the hash is the same however the recipe is called and wherever its folder lies", async () => {
  const { hash } = await loadRecipe(recipe);
  expect((await loadRecipe(path.relative(process.cwd(), recipe))).hash).toBe(hash);
  expect((await loadRecipe(await project("two"))).hash).toBe(hash);
  expect((await parseRecipe(TOP.replace("eval.jsonl", "./eval.jsonl"), { file: recipe })).hash).toBe(hash);
});

test("another file changes the hash, even of the same name", async () => {
  const { hash } = await loadRecipe(recipe);
  for (const [from, to] of [
    ["eval.jsonl", "../eval.jsonl"],
    ["labels.json", "more.json"],
    ["./good", "./better"],
    ["eval: {", "calibration: { data: c.jsonl }\neval: {"],
  ] as const)
    expect((await parseRecipe(TOP.replace(from, to), { file: recipe })).hash, to).not.toBe(hash);
});

test("data of the command line count as if the recipe named them", async () => {
  const named = await parseRecipe(TOP.replace("eval: {", "calibration: { data: data/d.jsonl }\neval: {"), { file: recipe });
  const given = async (data: string): Promise<Recipe> => withCalibrationData(await loadRecipe(recipe), data, "--calibration");
  expect(await hashIn(path.join(path.dirname(recipe), "data"), () => given("d.jsonl"))).toBe(named.hash);
  expect(await hashIn(path.dirname(recipe), () => given("./data/d.jsonl"))).toBe(named.hash);
});

test("a folder counts the same with a slash at its end", async () => {
  const named = async (data: string): Promise<string> =>
    (await parseRecipe(TOP.replace("eval: {", `calibration: { data: ${data} }\neval: {`), { file: recipe })).hash;
  const given = async (data: string): Promise<Recipe> => withCalibrationData(await loadRecipe(recipe), data, "--calibration");
  expect(await named("pictures/")).toBe(await named("pictures"));
  expect(await named("/pictures/")).toBe(await named("/pictures"));
  expect(await hashIn(path.dirname(recipe), () => given("pictures/"))).toBe(await named("pictures"));
  expect((await given("/pictures/")).hash).toBe(await named("/pictures"));
});

test("the expanded recipe names the same files from whatever folder", async () => {
  const loaded = await loadRecipe(path.relative(process.cwd(), recipe));
  const expanded = await parseRecipe(explainRecipe(loaded), { file: path.join(folder, "dist", "recipe.yaml") });
  expect(expanded.calibration.data).toBe(path.join(folder, "one", "shared", "c.jsonl"));
  expect(expanded.eval).toMatchObject({
    data: path.join(folder, "one", "mine", "eval.jsonl"),
    labels: path.join(folder, "one", "mine", "labels.json"),
  });
  expect(expanded.plugins).toEqual(loaded.plugins);
  const again = await parseRecipe(explainRecipe(expanded), { file: "elsewhere.yaml" });
  expect(again.hash).toBe(expanded.hash);
});

test("each option of a target keeps the place of its key", async () => {
  const { origins } = await parseRecipe("version: 1\ntargets:\n  tflite: { layout: NHWC, signednes: int8 }\n", { file: "r.yaml" });
  expect(origins.get("targets.tflite.signednes")).toEqual({ file: "r.yaml", line: 3, column: 27 });
});
