/** Weight-only int4 in blocks of 32 of a generated 3 GB decoder, against copying input to output. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ortInt4, own } from "../lib/entrants.mjs";
import { measureAll } from "../lib/measure.mjs";
import { benchOut } from "../lib/paths.mjs";
import { memoryRow, timeRow } from "../lib/rows.mjs";
import { ensureDecoder } from "../models/decoder.mjs";

export const doc = "Weight-only int4 block-32 of a 2.99 GB float32 decoder, whole command";

export async function run({ repeats, log }) {
  const { dir, model } = ensureDecoder("3gb");
  const copyTo = join(benchOut, "weight-only/copy");
  const freshCopy = () => {
    rmSync(copyTo, { recursive: true, force: true });
    mkdirSync(copyTo, { recursive: true });
  };
  const results = await measureAll(
    [
      { name: "copy", command: "cp", args: ["-r", dir, copyTo], before: freshCopy },
      { name: "copy, synced", command: "sh", args: ["-c", 'cp -r "$0" "$1" && sync "$1"/*/*', dir, copyTo], before: freshCopy },
      own("ours", { model, recipe: "int4-block32.yaml", out: join(benchOut, "weight-only/ours") }),
      ortInt4("ort matmul_nbits", { model, out: join(benchOut, "weight-only/ort-int4.onnx") }),
    ],
    { repeats, log },
  );
  rmSync(copyTo, { recursive: true, force: true });
  const rows = [
    timeRow(results, { what: "against copying input to output (cp, into the page cache)", ours: "ours", peer: "copy", bar: 1.6 }),
    timeRow(results, { what: "against a copy that is synced to disk, as our output is", ours: "ours", peer: "copy, synced", bar: 1.6 }),
    timeRow(results, { what: "against ONNX Runtime's MatMulNBits quantizer", ours: "ours", peer: "ort matmul_nbits" }),
    memoryRow(results, { what: "peak memory of ours", names: ["ours"], bar: 600e6 }),
  ];
  return { rows, details: Object.fromEntries(results) };
}
