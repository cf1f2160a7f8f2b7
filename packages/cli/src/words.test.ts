import { expect, test } from "vitest";
import { ran } from "./run-command.fixture.js";
import { parserWords } from "./words.js";

test.each([
  ["m.onnx -tonnx-qdq -r preset:int8 -odist", "m.onnx -t onnx-qdq -r preset:int8 -o dist"],
  ["m.onnx -t=onnx-qdq --target tflite -h", "m.onnx -t=onnx-qdq --target tflite -h"],
  ["-t onnx-qdq -- m.onnx", "-t onnx-qdq m.onnx"],
  ["inspect -- -m.onnx", "inspect ./-m.onnx"],
  ["-t onnx-qdq -- inspect", "-t onnx-qdq ./inspect"],
  ["-- a/m.onnx -tx", "a/m.onnx ./-tx"],
])("%s is read as %s", (line, expected) => {
  expect(parserWords(line.split(" ")).join(" ")).toBe(expected);
});

test("a value joined to its option, and a model behind --, reach the command", async () => {
  const unknown = { code: 1, stderr: expect.stringContaining('VX-PLUGIN-UNKNOWN-TARGET: no backend named "no-such"') };
  expect(await ran("m.onnx", "-tno-such")).toMatchObject(unknown);
  expect(await ran("-t", "no-such", "--", "m.onnx")).toMatchObject(unknown);
});

test("an option behind -- is told to be none", async () => {
  expect(await ran("--", "m.onnx", "-t", "onnx-qdq")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Behind -- nothing is an option"),
  });
});
