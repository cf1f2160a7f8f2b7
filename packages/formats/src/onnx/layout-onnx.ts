import { modelParts } from "./encode-graph.js";
import { emitInvalid, emitPayloadSize, emitTooLarge } from "./errors.js";
import type { OnnxModel, OnnxTensor, OnnxTensorData } from "./model.js";
import type { Parts, Payload } from "./parts.js";

/** What the files of a model look like. */
export interface OnnxLayoutOptions {
  /** Name of the model file without folder; default "model.onnx". */
  readonly fileName?: string;
  /** Name of the file beside it for large tensors. Without it everything is in the model file, which must be below 2 GiB. */
  readonly externalFileName?: string;
  /** Initializers of this many bytes or more go to the external file; default 1024. */
  readonly externalThresholdBytes?: number;
  /** Leaves initializers whose data is external where they are: they are named in the model by their own location, and not copied. */
  readonly keepExternal?: boolean;
}

/** A file to be written: its size is known, its content is made as it is asked for. */
export interface OnnxFile {
  readonly name: string;
  readonly byteLength: number;
  /** The content from its start. Throws VX-EMIT-ONNX-PAYLOAD if a tensor yields more or fewer bytes than it should. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** A tensor in the external file. */
interface Placed {
  readonly offset: number;
  readonly payload: Payload;
}

const MIB = 1024 * 1024;
const PROTOBUF_LIMIT_BYTES = 2 ** 31;
const INLINE_BELOW_BYTES = 1024;

/**
 * The files of a model, the external data first. Same model and options, same bytes. External offsets are multiples
 * of 64 KiB for tensors above 1 MiB (Windows maps files at that grain) and of 4 KiB otherwise; tensors that share a
 * `data` object share its place. Reads the sizes of all tensors, but no elements. Throws VX-EMIT-ONNX-*.
 */
export function layoutOnnx(model: OnnxModel, options: OnnxLayoutOptions = {}): readonly OnnxFile[] {
  const { fileName = "model.onnx", externalFileName, externalThresholdBytes = INLINE_BELOW_BYTES, keepExternal = false } = options;
  const external = new ExternalLayout();
  const parts = modelParts(model, (tensor, payload) => {
    if (keepExternal && tensor.data.kind === "external") return tensor.data;
    if (externalFileName === undefined || payload.byteLength < externalThresholdBytes) return undefined;
    return { location: externalFileName, offset: external.place(tensor, payload) };
  });
  if (parts.byteLength >= PROTOBUF_LIMIT_BYTES) throw emitTooLarge(fileName, parts.byteLength);
  const modelFile = fileOf(fileName, parts);
  if (externalFileName === undefined || external.placed.length === 0) return [modelFile];
  requireFileName(externalFileName, fileName);
  return [externalFile(externalFileName, external), modelFile];
}

class ExternalLayout {
  readonly placed: Placed[] = [];
  byteLength = 0;
  readonly #offsets = new Map<OnnxTensorData, number>();

  place(tensor: OnnxTensor, payload: Payload): number {
    const known = this.#offsets.get(tensor.data);
    if (known !== undefined) return known;
    const alignment = payload.byteLength > MIB ? 65_536 : 4096;
    const offset = Math.ceil(this.byteLength / alignment) * alignment;
    this.placed.push({ offset, payload });
    this.byteLength = offset + payload.byteLength;
    this.#offsets.set(tensor.data, offset);
    return offset;
  }
}

function externalFile(name: string, { placed, byteLength }: ExternalLayout): OnnxFile {
  return {
    name,
    byteLength,
    async *chunks() {
      let written = 0;
      for (const { offset, payload } of placed) {
        if (offset > written) yield new Uint8Array(offset - written);
        yield* payloadChunks(payload);
        written = offset + payload.byteLength;
      }
    },
  };
}

function fileOf(name: string, { byteLength, list }: Parts): OnnxFile {
  return {
    name,
    byteLength,
    async *chunks() {
      for (const part of list) {
        if (part instanceof Uint8Array) yield part;
        else yield* payloadChunks(part);
      }
    },
  };
}

async function* payloadChunks(payload: Payload): AsyncGenerator<Uint8Array> {
  let byteCount = 0;
  for await (const chunk of payload.chunks()) {
    byteCount += chunk.byteLength;
    if (byteCount > payload.byteLength) break;
    yield chunk;
  }
  if (byteCount !== payload.byteLength) throw emitPayloadSize(payload.tensor, payload.byteLength, byteCount);
}

function requireFileName(name: string, other: string): void {
  const isPlain = /^[^/\\:\0]+$/.test(name) && name !== "." && name !== ".." && name !== other;
  if (!isPlain)
    throw emitInvalid(`externalFileName ${JSON.stringify(name)} must be a plain file name other than ${JSON.stringify(other)}.`);
}
