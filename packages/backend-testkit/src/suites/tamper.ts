import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quantizedValues } from "@vlm-export/backend-api";
import { type Model, VxError } from "@vlm-export/ir";
import { ConformanceError } from "../conformance-error.js";
import { type EmittedCase, emitCase } from "../emit-case.js";
import { proofOf } from "../proof-of.js";
import { passed, type Suite } from "./suite.js";

const FLIPS = 64;
/** Of an artifact of more than 1 MiB, which takes as much longer to decode. */
const FLIPS_OF_LARGE = 8;

/**
 * A flipped bit never crashes decode: it ends in a coded error, a difference that is found, or has no part in any integer. A bit
 * flipped inside the integers of a weight, or inside a constant, where they stand in a file as they are, is always found, and so are empty files.
 */
export const tamper: Suite = {
  name: "tamper",
  async check(kit, model) {
    const emitted = await emitCase(kit, model);
    try {
      let found = 0;
      const size = emitted.artifact.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const flips = size > 2 ** 20 ? FLIPS_OF_LARGE : FLIPS;
      for (let i = 0; i < flips; i += 1) found += Number(await isFound(model, emitted, i));
      const inside = await flipInsideTensors(model, emitted);
      await emptyFiles(model, emitted);
      return passed(`${found} of ${flips} random flips and ${inside} flips inside tensors found`);
    } finally {
      emitted.dispose();
    }
  },
};

/** Flips bit `i` of a pseudo-random byte of one file, decodes, and puts the byte back. */
async function isFound(model: Model, emitted: EmittedCase, i: number): Promise<boolean> {
  const { files } = emitted.artifact;
  const file = files[i % files.length];
  if (!file || file.sizeBytes === 0) return false;
  return withFlip(join(emitted.artifact.dir, file.path), (i * 2_654_435_761) % file.sizeBytes, i % 8, () => differs(model, emitted));
}

async function flipInsideTensors(model: Model, emitted: EmittedCase): Promise<number> {
  let flips = 0;
  for (const [name, bytes] of provenBytes(model, emitted)) {
    const place = bytes.byteLength >= 16 && bytes.some((byte) => byte !== 0) ? placeOf(emitted, Buffer.from(bytes)) : undefined;
    if (!place) continue;
    flips += 1;
    if (!(await withFlip(place.path, place.offset + 5, 0, () => differs(model, emitted))))
      throw new ConformanceError(`a flipped bit of ${JSON.stringify(name)} was not found`);
  }
  return flips;
}

/** With all its files empty nothing decodes to the graph: a decoder that does not notice has its answers from elsewhere. Comes last. */
async function emptyFiles(model: Model, emitted: EmittedCase): Promise<void> {
  for (const { path } of emitted.artifact.files) truncateSync(join(emitted.artifact.dir, path));
  if (!(await differs(model, emitted))) throw new ConformanceError("decode gives the graph's integers though all files are empty");
}

/** Integers of weights, and the constants that the artifact says it stores as they are. */
function provenBytes(model: Model, { artifact }: EmittedCase): readonly (readonly [name: string, bytes: Uint8Array])[] {
  const weights = [...model.components.values()].flatMap(quantizedValues);
  const plain = (artifact.constants ?? []).flatMap(({ component, value }) => model.components.get(component)?.value(value) ?? []);
  return [...weights, ...plain].flatMap(({ name, data }) => (data ? [[name, data.bytes()] as const] : []));
}

function placeOf({ artifact }: EmittedCase, bytes: Buffer): { readonly path: string; readonly offset: number } | undefined {
  for (const file of artifact.files) {
    const path = join(artifact.dir, file.path);
    const offset = readFileSync(path).indexOf(bytes);
    if (offset >= 0) return { path, offset };
  }
  return undefined;
}

async function withFlip<T>(path: string, offset: number, bit: number, action: () => Promise<T>): Promise<T> {
  const bytes = readFileSync(path);
  const original = bytes[offset] as number;
  bytes[offset] = original ^ (1 << bit);
  writeFileSync(path, bytes);
  try {
    return await action();
  } finally {
    bytes[offset] = original;
    writeFileSync(path, bytes);
  }
}

async function differs(model: Model, emitted: EmittedCase): Promise<boolean> {
  try {
    return (await proofOf(model, emitted)).diagnostics.length > 0;
  } catch (error) {
    if (!(error instanceof VxError) || error.diagnostic.code === "VX-PLUGIN-TIMEOUT") throw error;
    if (error.diagnostic.code !== "VX-PLUGIN-CRASH") return true;
    throw new ConformanceError(`a damaged file does not end in a coded error: ${error.message}`);
  }
}
