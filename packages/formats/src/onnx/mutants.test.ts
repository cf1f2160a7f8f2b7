import { expect, test } from "vitest";
import { FormatError } from "../files/index.js";
import { bytesOf } from "./file-bytes.fixture.js";
import { readOnnxBytes } from "./read-onnx.js";
import { FULL_MODEL } from "./sample-model.fixture.js";
import { checkTensors } from "./tensor-size.js";
import { layoutOnnx } from "./layout-onnx.js";

/** Reads a model, opens its tensors and lays it out again; true if it is accepted. Only FormatErrors may come out. */
function accepts(bytes: Uint8Array): boolean {
  try {
    const model = readOnnxBytes(bytes);
    checkTensors(model);
    layoutOnnx(model);
    return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.code).toMatch(/^VX-(IMPORT|EMIT)-/);
    return false;
  }
}

/** Numbers from 0 to `below` - 1, the same for the same seed (xorshift32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test("a model that is cut at any byte is refused with a coded error", async () => {
  const bytes = await bytesOf(FULL_MODEL);
  let accepted = 0;
  for (let end = 0; end < bytes.length; end += 1) if (accepts(bytes.subarray(0, end))) accepted += 1;
  expect(accepts(bytes)).toBe(true);
  expect(accepted).toBeLessThan(bytes.length / 100); // cuts between the fields after the graph leave a whole model
});

test("5,000 models with flipped bits end in a coded error or are accepted", async () => {
  const bytes = await bytesOf(FULL_MODEL);
  const next = numbers(20_261_124);
  let accepted = 0;
  for (let round = 0; round < 5000; round += 1) {
    const mutant = Uint8Array.from(bytes);
    for (let flips = next(4); flips >= 0; flips -= 1) {
      const at = next(mutant.length);
      mutant[at] = (mutant[at] ?? 0) ^ (1 << next(8));
    }
    if (accepts(mutant)) accepted += 1;
  }
  expect(accepted).toBeGreaterThan(500);
  expect(accepted).toBeLessThan(4500);
});

test("2,000 models with pieces moved, doubled or set to extremes end in a coded error or are accepted", async () => {
  const bytes = Buffer.from(await bytesOf(FULL_MODEL));
  const next = numbers(7);
  const extremes = ["ff", "00", "80", "ffffffffffffffffff01", "ffffffff0f", "8080808080808080808001", "0b", "0c", "07"].map((hex) =>
    Buffer.from(hex, "hex"),
  );
  for (let round = 0; round < 2000; round += 1) {
    const [a, b, c] = [next(bytes.length), next(bytes.length), next(64)];
    const piece = next(2) === 0 ? bytes.subarray(b, b + c) : (extremes[next(extremes.length)] ?? bytes);
    accepts(new Uint8Array(Buffer.concat([bytes.subarray(0, a), piece, bytes.subarray(a + next(3) * c)])));
  }
});
