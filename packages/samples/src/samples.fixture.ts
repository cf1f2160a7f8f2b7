import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type NpyDType, npzChunks } from "@vlm-export/formats/npy";
import type { TensorData } from "@vlm-export/ir";
import { encode } from "fast-png";
import { loadSamples, type Sample, type SampleOptions } from "./index.js";

/** A model that takes pictures of 4 × 4. */
export const IMAGE: SampleOptions = { inputs: [{ name: "pixels", type: { dtype: "f32", shape: ["batch", 3, 4, 4] } }], image: {} };

/** A picture of 4 × 4 whose samples are 0, 5, 10, … */
export const PNG: Uint8Array = encode({ width: 4, height: 4, channels: 3, data: Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => i * 5) });

/** All samples of a source. */
export async function all(source: string, options: SampleOptions = IMAGE): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of await loadSamples(source, options)) samples.push(sample);
  return samples;
}

/** A temporary folder to write data sets into. */
export class SampleFiles {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<SampleFiles> {
    return new SampleFiles(await mkdtemp(path.join(os.tmpdir(), "samples-")));
  }

  async npz(name: string, arrays: ReadonlyMap<string, TensorData>): Promise<void> {
    const chunks: Uint8Array[] = [];
    const sources = new Map([...arrays].map(([key, { dtype, shape, bytes }]) => [key, { dtype: dtype as NpyDType, shape, data: bytes() }]));
    for await (const chunk of npzChunks(sources)) chunks.push(chunk);
    await writeFile(path.join(this.folder, name), Buffer.concat(chunks));
  }

  /** Path of a file with these lines. */
  async jsonl(lines: readonly (string | object)[], name = "data.jsonl"): Promise<string> {
    const file = path.join(this.folder, name);
    await writeFile(file, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
    return file;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}
