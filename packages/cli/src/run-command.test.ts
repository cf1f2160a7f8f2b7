import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { ran } from "./run-command.fixture.js";

const MODEL = fileURLToPath(new URL("../../../examples/tiny-llava/onnx/classifier.onnx", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vlm-export-run-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("wrong words end with 1 and say what was meant", () => {
  test.each([
    [["m.onnx", "-o", "dist", "-t"], "-t needs a value"],
    [["m.onnx", "-t", "--quiet"], "-t needs a value"],
    [["m.onnx", "-t", "onnx-qdq", "-o"], "-o needs a value"],
    [["m.onnx", "-t", "onnx-qdq", "-r"], "-r needs a value"],
    [["m.onnx", "-t", "onnx-qdq", "--cache"], "--cache needs a value"],
    [["m.onnx", "-t", "onnx-qdq", "--calibration"], "--calibration needs a value"],
    [["plan", "m.onnx", "-t"], "-t needs a value"],
    [["m.onnx", "-t", "onnx-qdq", "--verify"], "--verify needs a value"],
    [[], "the model, file or folder that the command works on is missing"],
    [["inspect"], "the model, file or folder that the command works on is missing"],
    [["recipe"], "recipe needs one of the words init, validate, explain"],
    [["backend"], "backend needs one of the words list, test"],
    [["m.onnx", "-t", "onnx-qdq", "-o", ""], "out is empty; a variable on the command line may not be set"],
    [["m.onnx", "-t", "onnx-qdq", "--cache="], "cache is empty"],
    [["m.onnx", "-t", ""], "target is empty"],
    [["verify", ""], "dist is empty"],
    [["recipe", "init", MODEL, "-o", MODEL], "is there already; an existing recipe is never overwritten"],
    [["recipe", "init", MODEL, "-o", "/no/such/r.yaml"], "Name a file in a folder that exists"],
    [["m.onnx"], "target"],
    [["-t", "m.onnx", "-o", "dist"], "m.onnx stands where --target takes the name of a backend"],
    [["m.onnx", "-t", "dir/other"], "--target is given dir/other, which is a path"],
    [["verfy", "w/d1"], "Did you mean verify?"],
    [["--jsn"], "Did you mean --json?"],
    [["m.onnx", "-t", "onnx-qdq", "--ouput", "x"], "Did you mean --out?"],
    [["evla", "dist", "--dta=x"], "Did you mean eval"],
    [["recipe", "foo"], "recipe needs one of the words init, validate, explain"],
    [["recipe", "explan", "x"], "Did you mean explain?"],
    [["backend", "foo"], "backend needs one of the words list, test"],
    [["recipe", "init", MODEL, "--preset", "nope"], "there are: dynamic-int8, int8,"],
    [["recipe", "init", MODEL, "--preset", "int-8"], "Did you mean int8?"],
    [["recipe", "init", MODEL, "--preset", "constructor"], 'no preset "constructor"'],
  ])("%j", async (argv, says) => {
    const { code, stdout, stderr } = await ran(...argv);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringContaining(says) });
    expect(stderr).toMatch(/^error VX-CLI-USAGE: /);
  });
});

test.each([
  ["the model after its target", ["-t", "no-such", MODEL]],
  ["a target twice", [MODEL, "-t", "no-such", "-t", "no-such"]],
  ["targets between commas", [MODEL, "-t", "no-such,onnx-qdq"]],
])("%s is understood", async (_, argv) => {
  const { code, stderr } = await ran(...argv, "-o", join(folder, "dist"), "--cache", "off");
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('VX-PLUGIN-UNKNOWN-TARGET: no backend named "no-such"') });
  expect(readdirSync(folder)).toEqual([]);
});

test("-h is --help", async () => {
  expect(await ran("verify", "-h")).toMatchObject({ code: 0, stderr: "" });
});

test("--json says the same in every form", async () => {
  expect(JSON.parse((await ran("recipe", "validate", "preset:int8", "--json=true")).stdout)).toMatchObject({ ok: true });
  expect((await ran("recipe", "validate", "preset:int8", "--json", "false")).stdout).toContain("fine");
  expect((await ran("recipe", "validate", "preset:int8", "--json=false")).stdout).toContain("fine");
  expect(JSON.parse((await ran("--version", "--json=true")).stdout)).toEqual({ version: expect.any(String) });
});
