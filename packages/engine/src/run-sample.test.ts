import { VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { engineLoad, engineRun } from "./errors.js";
import { runSample } from "./run-sample.js";

const SAMPLE = { name: "data.jsonl:3", place: { file: "data.jsonl", line: 3 } };
const OUTSIDE = "Non-zero status code returned while running Gather node. Name:'/embed' Status Message: indices element out of data bounds";

const failing = (sample: Parameters<typeof runSample>[0], error: unknown): Promise<unknown> =>
  runSample(sample, "calibrate", () => Promise.reject(error)).catch((found: unknown) => found);

test("a run that fails is the user's error, at the line of the sample, in the engine's words", async () => {
  const error = await failing(SAMPLE, engineRun(new Error(OUTSIDE)));
  expect(error).toMatchObject({
    kind: "user",
    diagnostic: { code: "VX-ENGINE-SAMPLE", where: { stage: "calibrate", file: "data.jsonl", line: 3, node: "/embed" } },
  });
  expect((error as VxError).message).toContain(OUTSIDE);
});

test("a sample that was made up is named in the message", async () => {
  const error = await failing({ name: "random:7" }, engineRun(new Error(OUTSIDE)));
  expect(error).toMatchObject({ message: expect.stringContaining("sample random:7"), diagnostic: { where: { stage: "calibrate" } } });
});

test.each([
  ["an operator without a kernel", engineRun(new Error("NOT_IMPLEMENTED : no kernel for this type"))],
  ["memory", engineRun(new Error("Failed to allocate memory for requested buffer of size 99999999999"))],
  ["a model that does not load", engineLoad("m.onnx", new Error("ranks differ"))],
  ["a bug", new TypeError("x is undefined")],
])("what is not the sample's fault stays what it is: %s", async (_, error) => {
  expect(await failing(SAMPLE, error)).toBe(error);
});

test("what a run gives is handed on", async () => {
  expect(await runSample(SAMPLE, "verify", () => Promise.resolve(4))).toBe(4);
});
