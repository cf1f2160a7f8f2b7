import { stat } from "node:fs/promises";
import path from "node:path";
import { calSource } from "./errors.js";
import { readLines } from "./jsonl.js";
import { reasonOf } from "./read-bytes.js";
import type { SampleEntry } from "./sample-entry.js";
import { readFolder } from "./sample-folder.js";

/** The samples of a JSONL file or of a folder, from the first on; none of them at a limit of 0. Throws VX-CAL-SOURCE, VX-CAL-JSONL, VX-CAL-EMPTY. */
export async function readEntries(source: string, limit: number): Promise<readonly SampleEntry[]> {
  const facts = await stat(source).catch((cause: unknown) => {
    throw calSource(source, `cannot read the data set: ${reasonOf(cause)}.`, hintOn(source), cause);
  });
  if (!facts.isDirectory()) checkKind(source, facts.isFile());
  if (limit <= 0) return [];
  return facts.isDirectory() ? readFolder(source, limit) : readLines(source, limit);
}

function checkKind(file: string, isRegular: boolean): void {
  if (!isRegular) throw calSource(file, "the data set is neither a regular file nor a folder.");
  if (/\.(npz|npy|png|jpe?g|webp|gif|tiff?|avif)$/i.test(file))
    throw calSource(file, "the data set must be a JSONL file or a folder.", hintOnSample(path.basename(file)));
}

/** Relative paths of a recipe come joined to its folder, so that both kinds start from the working folder here. */
function hintOn(source: string): string {
  return `Looked for ${path.resolve(source)}: a path in a recipe starts from the recipe's folder, one on the command line from the working folder.`;
}

/** What to do with a file that is a sample itself. */
function hintOnSample(name: string): string {
  if (/\.npy$/i.test(name))
    return "Save the array with numpy.savez under the name of the input, and write a line that names the .npz file.";
  return `Name the folder that it lies in, or write a line such as {"${/\.npz$/i.test(name) ? "tensors" : "image"}": ${JSON.stringify(name)}} into a .jsonl file.`;
}
