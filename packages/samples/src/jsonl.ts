import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { TextDecoder } from "node:util";
import { calEmpty, calJsonl, calSource, type SamplePlace } from "./errors.js";
import { reasonOf } from "./read-bytes.js";

const MAX_LINE_BYTES = 1 << 20;

/** One line of a data set. Paths are joined to the folder of the JSONL file. */
export interface SampleEntry {
  readonly place: SamplePlace;
  /** Pictures, in order along the batch axis. */
  readonly images: readonly string[];
  /** A .npz file of arrays named like the inputs. */
  readonly tensors?: string;
  readonly label?: unknown;
}

/** The samples of a JSONL file, from the first on; empty lines do not count; none of them at a limit of 0. Throws VX-CAL-SOURCE, VX-CAL-JSONL, VX-CAL-EMPTY. */
export async function readEntries(file: string, limit: number): Promise<readonly SampleEntry[]> {
  await checkSource(file);
  if (limit <= 0) return [];
  const entries: SampleEntry[] = [];
  for await (const { text, line } of linesOf(file)) {
    if (text.trim() === "") continue;
    entries.push(entryOf(text, { file, line }));
    if (entries.length >= limit) break;
  }
  if (entries.length === 0) throw calEmpty({ file });
  return entries;
}

async function checkSource(file: string): Promise<void> {
  const facts = await stat(file).catch((cause: unknown) => {
    throw calSource(file, `cannot read the data set: ${reasonOf(cause)}.`, hintOn(file), cause);
  });
  if (facts.isDirectory())
    throw calSource(
      file,
      "the data set is a folder.",
      'Write a JSONL file, one line per sample: {"image": "a.png"} or {"tensors": "sample.npz"}.',
    );
  if (!facts.isFile()) throw calSource(file, "the data set is not a regular file.");
  if (/\.(npz|npy|png|jpe?g|webp)$/i.test(file)) throw calSource(file, "the data set must be a JSONL file.", lineFor(path.basename(file)));
}

/** Relative paths of a recipe come joined to its folder, so that both kinds start from the working folder here. */
function hintOn(file: string): string {
  return `Looked for ${path.resolve(file)}: a path in a recipe starts from the recipe's folder, one on the command line from the working folder.`;
}

/** What to write for a file that is a sample itself. */
function lineFor(name: string): string {
  if (/\.npy$/i.test(name))
    return "Save the array with numpy.savez under the name of the input, and write a line that names the .npz file.";
  return `Write a line such as {"${/\.npz$/i.test(name) ? "tensors" : "image"}": ${JSON.stringify(name)}} into a .jsonl file.`;
}

interface Line {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
}

/** Lines as UTF-8 text, streamed; a carriage return at the end and a byte order mark at the start are dropped. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0);
  let line = 1;
  const stream = createReadStream(file, { highWaterMark: 256 << 10 });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield { text: textOf(Buffer.concat([rest, chunk.subarray(start, end)]), { file, line }), line };
        rest = Buffer.alloc(0);
        start = end + 1;
        line += 1;
      }
      rest = Buffer.concat([rest, chunk.subarray(start)]);
      if (rest.length > MAX_LINE_BYTES) throw calJsonl({ file, line }, `the line is longer than ${MAX_LINE_BYTES} bytes.`);
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) throw calSource(file, `cannot read the data set: ${reasonOf(cause)}.`, undefined, cause);
    throw cause;
  }
  if (rest.length > 0) yield { text: textOf(rest, { file, line }), line };
}

function textOf(bytes: Buffer, place: SamplePlace): string {
  if (bytes.length > MAX_LINE_BYTES) throw calJsonl(place, `the line is longer than ${MAX_LINE_BYTES} bytes.`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: place.line !== 1 }).decode(bytes).replace(/\r$/, "");
  } catch (cause) {
    throw calJsonl(place, "the line is not UTF-8 text.", cause);
  }
}

function entryOf(text: string, place: SamplePlace): SampleEntry {
  const data = parseLine(text, place);
  const { image, tensors, label } = data;
  const images = image === undefined ? [] : Array.isArray(image) ? (image as readonly unknown[]) : [image];
  if (images.length === 0 && tensors === undefined) throw calJsonl(place, 'the line has neither "image" nor "tensors".');
  const folder = path.dirname(place.file);
  const join = (value: unknown, key: string): string => {
    const target = pathText(value, key, place);
    return path.isAbsolute(target) ? target : path.join(folder, target);
  };
  return {
    place,
    images: images.map((value) => join(value, "image")),
    ...(tensors !== undefined && { tensors: join(tensors, "tensors") }),
    ...(label !== undefined && { label }),
  };
}

function parseLine(text: string, place: SamplePlace): { readonly image?: unknown; readonly tensors?: unknown; readonly label?: unknown } {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    const column = /position (\d+)/.exec((cause as Error).message)?.[1];
    throw calJsonl(
      { ...place, ...(column !== undefined && { column: Number(column) + 1 }) },
      `the line is not JSON: ${(cause as Error).message}.`,
      cause,
    );
  }
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw calJsonl(place, `the line is ${Array.isArray(data) ? "a list" : JSON.stringify(data)}, expected a JSON object.`);
  return data;
}

function pathText(value: unknown, key: string, place: SamplePlace): string {
  if (typeof value !== "string" || value === "") throw calJsonl(place, `"${key}" is ${JSON.stringify(value)}, expected a path.`);
  if (value.includes("\0")) throw calJsonl(place, `"${key}" holds a NUL character.`);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(value)) throw calJsonl(place, `"${key}" is a URL; only files are read.`);
  return value;
}
