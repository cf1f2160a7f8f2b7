import { Builder } from "flatbuffers";
import { emitTfliteModel } from "../errors.js";
import type { TfliteBytes, TfliteModel } from "../model.js";
import { checkIndices } from "./check-indices.js";
import { placeholderOffset, writeModel, type BufferPlace } from "./tables.js";

/** Constant data starts on a cache line, so that runtimes can map it and use aligned loads. */
const weightAlignment = 64;
/** Weights pass through memory in pieces of this many bytes. */
const pieceBytes = 4 * 1024 * 1024;

/** A .tflite file to be written. `chunks()` streams it from the start and may be called again. */
export interface TfliteFile {
  readonly byteLength: number;
  chunks(): Iterable<Uint8Array>;
}

/**
 * Lays out a model as a .tflite file (schema version 3, identifier TFL3). Constant data lies behind the tables,
 * referred to by file offset, so that a file may exceed 2 GiB and weights are never copied whole; buffers of at most
 * `inlineBytes` (default 0) bytes go inside the tables, for runtimes that know no offsets (TFLite Micro).
 * The same model gives the same bytes. Throws VX-EMIT-TFLITE-MODEL.
 */
export function tfliteFile(model: TfliteModel, { inlineBytes = 0 }: { readonly inlineBytes?: number } = {}): TfliteFile {
  checkIndices(model);
  const measured = tablesOf(model, placesOf(model.buffers, inlineBytes, undefined));
  const places = placesOf(model.buffers, inlineBytes, measured.byteLength);
  const tables = tablesOf(model, places);
  const end = places.reduce((last, place) => (isAppended(place) ? place.offset + place.byteLength : last), tables.byteLength);
  return { byteLength: end, chunks: () => streamFile(tables, model.buffers, places) };
}

type Appended = Extract<BufferPlace, { readonly offset: number }>;

function isAppended(place: BufferPlace): place is Appended {
  return place !== "empty" && "offset" in place;
}

function placesOf(buffers: readonly TfliteBytes[], inlineBytes: number, tablesEnd: number | undefined): readonly BufferPlace[] {
  let end = tablesEnd;
  return buffers.map((buffer): BufferPlace => {
    if (buffer.byteLength === 0) return "empty";
    if (buffer.byteLength <= inlineBytes) return { inline: wholeOf(buffer) };
    const offset = end === undefined ? placeholderOffset : Math.ceil(end / weightAlignment) * weightAlignment;
    end = end === undefined ? undefined : offset + buffer.byteLength;
    return { offset, byteLength: buffer.byteLength };
  });
}

function tablesOf(model: TfliteModel, places: readonly BufferPlace[]): Uint8Array {
  const builder = new Builder(1024);
  writeModel(builder, model, places);
  return builder.asUint8Array();
}

function* streamFile(tables: Uint8Array, buffers: readonly TfliteBytes[], places: readonly BufferPlace[]): Generator<Uint8Array> {
  yield tables;
  let position = tables.byteLength;
  for (const [index, place] of places.entries()) {
    const buffer = buffers[index];
    if (!isAppended(place) || !buffer) continue;
    if (place.offset > position) yield new Uint8Array(place.offset - position);
    for (let begin = 0; begin < place.byteLength; begin += pieceBytes) {
      yield pieceOf(buffer, begin, Math.min(begin + pieceBytes, place.byteLength));
    }
    position = place.offset + place.byteLength;
  }
}

function wholeOf(buffer: TfliteBytes): Uint8Array {
  return pieceOf(buffer, 0, buffer.byteLength);
}

function pieceOf(buffer: TfliteBytes, begin: number, end: number): Uint8Array {
  const bytes = buffer.read(begin, end);
  if (bytes.byteLength !== end - begin) throw emitTfliteModel(`a buffer gave ${bytes.byteLength} bytes for the range ${begin}..${end}`);
  return bytes;
}
