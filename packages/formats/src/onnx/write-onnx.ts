import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type ByteSink, FileSink, type SinkSummary } from "../files/index.js";
import { sinkAccess } from "../files/errors.js";
import { layoutOnnx, type OnnxFile, type OnnxLayoutOptions } from "./layout-onnx.js";
import type { OnnxModel } from "./model.js";

/** How a model is written. */
export interface WriteOnnxOptions extends OnnxLayoutOptions {
  /** Ends the writing between two chunks; what was written is removed and the reason of the signal is thrown. */
  readonly signal?: AbortSignal;
}

/** A file that was written. */
export interface WrittenOnnxFile extends SinkSummary {
  readonly name: string;
}

/** Makes the sink of a file. */
export type CreateSink = (fileName: string) => Promise<ByteSink>;

/**
 * Writes a model as `path`, with external data beside it if `externalFileName` is set. The files appear under their
 * names only when all are complete, the model last; a failed run leaves nothing. Throws VX-EMIT-*.
 */
export async function writeOnnx(model: OnnxModel, path: string, options: WriteOnnxOptions = {}): Promise<readonly WrittenOnnxFile[]> {
  const folder = dirname(path);
  const mark = randomBytes(6).toString("hex");
  const temporary = (name: string) => join(folder, `.${name}.${mark}.tmp`);
  const createSink = (name: string) => FileSink.create(temporary(name));
  const written = await writeOnnxTo(model, createSink, { ...options, fileName: basename(path) });
  await publish(written.map(({ name }) => ({ from: temporary(name), to: join(folder, name) })));
  await syncFolder(folder);
  return written;
}

/** Writes the files of a model into sinks, one after the other, the model last. All sinks are discarded if one fails. */
export async function writeOnnxTo(
  model: OnnxModel,
  createSink: CreateSink,
  options: WriteOnnxOptions = {},
): Promise<readonly WrittenOnnxFile[]> {
  const sinks: ByteSink[] = [];
  const written: WrittenOnnxFile[] = [];
  try {
    for (const file of layoutOnnx(model, options)) {
      const sink = await createSink(file.name);
      sinks.push(sink);
      await fill(sink, file, options.signal);
      written.push({ name: file.name, ...(await sink.close()) });
    }
    return written;
  } catch (error) {
    for (const sink of sinks) await sink.discard();
    throw error;
  }
}

async function fill(sink: ByteSink, file: OnnxFile, signal: AbortSignal | undefined): Promise<void> {
  for await (const chunk of file.chunks()) {
    signal?.throwIfAborted();
    await sink.write(chunk);
  }
}

/** Renames files in this order; if one fails, all are removed. */
async function publish(files: readonly { readonly from: string; readonly to: string }[]): Promise<void> {
  const done: string[] = [];
  for (const { from, to } of files) {
    try {
      await rename(from, to);
      done.push(to);
    } catch (error) {
      for (const path of [...done, ...files.map((file) => file.from)]) await rm(path, { force: true });
      throw sinkAccess(to, error);
    }
  }
}

/** Makes renames durable; systems that cannot sync a folder do so on their own. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
