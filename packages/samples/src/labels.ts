import { stat } from "node:fs/promises";
import path from "node:path";
import { nearest } from "@vlm-export/ir";
import { calLabel, calNoLabel, type SamplePlace } from "./errors.js";
import { readBytes } from "./read-bytes.js";

const MAX_BYTES = 64 << 20;

/** Class names by index. */
export type ClassNames = readonly string[];

/**
 * The file of class names that belongs to a data set: for `classifier-eval.jsonl`, or a folder `classifier-eval`, the first of `classifier-eval-labels.json`,
 * `classifier-labels.json` and `labels.json` that lies beside it.
 */
export async function findLabels(data: string): Promise<string | undefined> {
  const folder = path.join(data, ".."); // beside `.` too
  const words = path
    .basename(path.resolve(data))
    .replace(/\.[^.]*$/, "")
    .split("-")
    .slice(0, 8);
  const stems = words.map((_, i) => words.slice(0, words.length - i).join("-"));
  for (const name of [...stems.map((stem) => `${stem}-labels.json`), "labels.json"]) {
    const candidate = path.join(folder, name);
    if ((await stat(candidate).catch(() => undefined))?.isFile()) return candidate;
  }
  return undefined;
}

/** Reads a JSON list of names, or an object with `id2label`. Throws VX-CAL-LABEL. */
export async function readLabels(file: string): Promise<ClassNames> {
  const refuse = (message: string): Error => calLabel({ file }, message, 'Expected a JSON list of names, or an object with "id2label".');
  const bytes = await readBytes(file, MAX_BYTES, (reason) => refuse(`cannot read the class names: ${reason}.`));
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw refuse("the class names are not JSON.");
  }
  const names = Array.isArray(data) ? data : namesById(data);
  if (!names || names.length === 0 || !names.every((name) => typeof name === "string"))
    throw refuse("the file holds no list of class names.");
  return names as ClassNames;
}

function namesById(data: unknown): readonly unknown[] | undefined {
  const byId = typeof data === "object" && data !== null && "id2label" in data ? data.id2label : undefined;
  if (typeof byId !== "object" || byId === null) return undefined;
  const ids = Object.keys(byId);
  const names = ids.map((_, i) => (byId as Record<string, unknown>)[String(i)]);
  return names.includes(undefined) ? undefined : names;
}

/** A list of class names, to look names up in. */
export interface NamedClasses {
  /** How many names the list holds. */
  readonly size: number;
  /** All indices by name, ascending: lists repeat names (ImageNet has two "crane"). */
  readonly indices: ReadonlyMap<string, readonly number[]>;
}

/** The list by name. */
export function namedClasses(names: ClassNames): NamedClasses {
  const indices = new Map<string, number[]>();
  for (const [i, name] of names.entries()) {
    const known = indices.get(name);
    if (known) known.push(i);
    else indices.set(name, [i]);
  }
  return { size: names.length, indices };
}

/** What labels are held against; both are optional. */
export interface Classes {
  readonly names?: NamedClasses | undefined;
  /** How many numbers the model gives for one sample. */
  readonly count?: number | undefined;
}

/** The class index that a sample states, by number or by a name that one class has; one that the model can give. Throws VX-CAL-LABEL. */
export function labelOf(label: unknown, { names, count }: Classes, place: SamplePlace): number {
  const index = typeof label === "string" ? indexOfName(label, names, place) : checkedIndex(label, names, place);
  if (count !== undefined && index >= count)
    throw calLabel(
      place,
      `label ${JSON.stringify(label)}${label === index ? "" : ` (class ${index})`} is outside the ${count} classes of the model's output.`,
      "A label is the index of a number of the model's first output: give the data, or the list of class names, of this model.",
    );
  return index;
}

function checkedIndex(label: unknown, names: Classes["names"], place: SamplePlace): number {
  if (label === undefined) throw calNoLabel(place);
  if (typeof label !== "number") throw calLabel(place, `"label" is ${JSON.stringify(label)}, expected a class index or name.`);
  if (!Number.isSafeInteger(label) || label < 0) throw calLabel(place, `label ${label} is not a class index.`);
  if (names && label >= names.size) throw calLabel(place, `label ${label} is outside the ${names.size} classes.`);
  return label;
}

function meantOf(label: string, { indices }: NamedClasses): string | undefined {
  const meant = nearest(label, [...indices.keys()]);
  return meant === undefined ? undefined : `Did you mean ${JSON.stringify(meant)}?`;
}

function indexOfName(label: string, names: Classes["names"], place: SamplePlace): number {
  if (!names)
    throw calLabel(
      place,
      `label ${JSON.stringify(label)} is a name, and no list of class names is given.`,
      "Name a JSON list of names by eval.labels in the recipe, or by --labels of eval, or put labels.json beside the data.",
    );
  const [index, ...others] = names.indices.get(label) ?? [];
  if (index === undefined)
    throw calLabel(place, `label ${JSON.stringify(label)} is none of the ${names.size} class names.`, meantOf(label, names));
  if (others.length > 0)
    throw calLabel(
      place,
      `label ${JSON.stringify(label)} is the name of several classes: ${[index, ...others].slice(0, 8).join(", ")}.`,
      place.line === undefined
        ? "Make the names in the list differ, or write a JSONL file, whose labels can be indices."
        : "Write the index of the class as the label, or make the names in the list differ.",
    );
  return index;
}
