import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, CLI, temporaryFolder } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Runs the built command with nobody who reads `stream`; gives the exit code and what it wrote to the other one. */
function withoutReader(stream: "stdout" | "stderr", args: readonly string[]): Promise<readonly [code: number | null, rest: string]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, CI: "true" } });
    let rest = "";
    child[stream].destroy();
    child[stream === "stdout" ? "stderr" : "stdout"].on("data", (chunk: Buffer) => (rest += chunk.toString()));
    child.on("close", (code) => resolve([code, rest]));
  });
}

test.each([
  ["a short answer", "inspect", CLASSIFIER],
  ["a long answer", "plan", CLASSIFIER, "-r", "preset:weights-int8", "--json"],
  ["the version", "--version"],
])("%s that nobody reads ends the command without a word, as a closed pipe ends any program", async (_, ...args) => {
  expect(await withoutReader("stdout", args)).toEqual([141, ""]);
});

test("messages that nobody reads end a run, which leaves nothing behind", async () => {
  const args = [CLASSIFIER, "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", join(folder.path, "dist"), "--cache", "off"];
  expect(await withoutReader("stderr", args)).toEqual([141, ""]);
  expect(readdirSync(folder.path)).toEqual([]);
});
