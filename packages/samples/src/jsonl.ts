import { createReadStream } from "node:fs";
import path from "node:path";
import { TextDecoder } from "node:util";
import { calEmpty, calJsonl, calSource, type SamplePlace } from "./errors.js";
import { reasonOf } from "./read-bytes.js";
import type { SampleEntry } from "./sample-entry.js";

const MAX_LINE_BYTES = 1 << 20;

/** The samples of a JSONL file, from the first on; empty lines do not count. Throws VX-CAL-SOURCE, VX-CAL-JSONL, VX-CAL-EMPTY. */
export async function readLines(file: string, limit: number): Promise<readonly SampleEntry[]> {
  const entries: SampleEntry[] = [];
  for await (const { text, line } of linesOf(file)) {
    if (text.trim() === "") continue;
    entries.push(entryOf(text, { file, line }));
    if (entries.length >= limit) break;
  }
  if (entries.length === 0) throw calEmpty({ file });
  return entries;
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
