import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { calEmptyFolder, calMixedFolder, calSource } from "./errors.js";
import { reasonOf } from "./read-bytes.js";
import type { SampleEntry } from "./sample-entry.js";

const ARRAYS = ".npz";
/** What names of samples end with, in either case: formats that decoders read, and arrays. */
const ENDINGS: readonly string[] = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".avif", ARRAYS];

/** The samples of one sub-folder, whose name is their label. */
interface ClassFolder {
  readonly label: string;
  /** Names of the files. */
  readonly samples: readonly string[];
}

/**
 * The samples of a folder, in order of name by UTF-16 code units, which is the same on every machine: those at its top, or those of its
 * sub-folders, then with the name of the sub-folder as label, and in turn: the first of each, the second of each, so that a limit
 * takes all classes alike. Hidden files, other files and deeper folders are left alone. Throws VX-CAL-SOURCE, VX-CAL-EMPTY.
 */
export async function readFolder(folder: string, limit: number): Promise<readonly SampleEntry[]> {
  const top = await visibleIn(folder);
  const names = samplesOf(top);
  const classes = await classesOf(folder, top);
  const [name] = names;
  const [first] = classes;
  if (name !== undefined && first) throw calMixedFolder(folder, name, path.join(first.label, first.samples[0] as string));
  if (name === undefined && !first) throw calEmptyFolder(folder, ENDINGS);
  return first ? inTurn(folder, classes, limit) : names.slice(0, limit).map((sample) => entryOf(path.join(folder, sample)));
}

/** What a folder holds, in order of name, without hidden files. */
async function visibleIn(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw calSource(folder, `cannot read the folder: ${reasonOf(cause)}.`, undefined, cause);
  });
  return entries.filter(({ name }) => !name.startsWith(".")).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** By name alone: what a link leads to, and whether it is a file, is looked up with the files that lines of a JSONL file name. */
function samplesOf(entries: readonly Dirent[]): readonly string[] {
  return entries.filter((entry) => !entry.isDirectory() && isSample(entry.name)).map(({ name }) => name);
}

function isSample(name: string): boolean {
  return ENDINGS.includes(path.extname(name).toLowerCase());
}

/** The sub-folders that have samples. */
async function classesOf(folder: string, top: readonly Dirent[]): Promise<readonly ClassFolder[]> {
  const classes: ClassFolder[] = [];
  for (const entry of top) {
    const { name: label } = entry;
    const at = path.join(folder, label);
    if (!entry.isDirectory() && (isSample(label) || !(await isLinkedFolder(entry, at)))) continue;
    const samples = samplesOf(await visibleIn(at));
    if (samples.length > 0) classes.push({ label, samples });
  }
  return classes;
}

async function isLinkedFolder(entry: Dirent, at: string): Promise<boolean> {
  return entry.isSymbolicLink() && (await stat(at).catch(() => undefined))?.isDirectory() === true;
}

function inTurn(folder: string, classes: readonly ClassFolder[], limit: number): readonly SampleEntry[] {
  const entries: SampleEntry[] = [];
  for (let round = 0; ; round += 1) {
    const before = entries.length;
    for (const { label, samples } of classes) {
      if (entries.length >= limit) return entries;
      const name = samples[round];
      if (name !== undefined) entries.push({ ...entryOf(path.join(folder, label, name)), label });
    }
    if (entries.length === before) return entries;
  }
}

function entryOf(file: string): SampleEntry {
  const isArrays = path.extname(file).toLowerCase() === ARRAYS;
  return { place: { file }, images: isArrays ? [] : [file], ...(isArrays && { tensors: file }) };
}
