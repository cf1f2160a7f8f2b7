import { type ByteRange, type FilePool, memoryRange, openExternal } from "../files/index.js";
import { externalWithoutFolder, irVersion, lfsPointer, missingGraph } from "./errors.js";
import { DEFAULT_ONNX_LIMITS, type OnnxLimits } from "./limits.js";
import type { OnnxGraph, OnnxModel } from "./model.js";
import { append, NO_ENTRIES, NO_ITEMS, type ReadContext, readEntry, readMessage, requireFirst } from "./read-context.js";
import { readFunction, readOpsetImport } from "./read-function.js";
import { readGraph } from "./read-graph.js";
import type { WireReader as Reader } from "./wire-reader.js";
import { WireReader } from "./wire-reader.js";

/** What a model is read under. */
export interface ReadOnnxOptions {
  /** Replaces single values of {@link DEFAULT_ONNX_LIMITS}. */
  readonly limits?: Partial<OnnxLimits>;
}

const OLDEST_IR = 3;
const NEWEST_IR = 14;
const LFS_MARK = "version https://git-lfs";

type Draft = { -readonly [K in Exclude<keyof OnnxModel, "graph">]: OnnxModel[K] } & { graph: OnnxGraph | undefined };

/**
 * The model in an ONNX file. Everything but tensor elements is in memory afterwards; elements are read through `pool`
 * when asked for, so the pool stays open as long as the model is in use. External data is not looked at before a
 * tensor is opened. Throws VX-IMPORT-ONNX-* and VX-IMPORT-FILE-* (FormatError), nothing else.
 */
export function readOnnx(path: string, pool: FilePool, options: ReadOnnxOptions = {}): OnnxModel {
  const files = new Map<string, ByteRange>();
  const external = (location: string): ByteRange => {
    const range = files.get(location) ?? openExternal(pool, path, location);
    files.set(location, range);
    return range;
  };
  return readRange(pool.open(path), external, options);
}

/** The model in bytes that are in memory. Its external data, if any, cannot be opened. */
export function readOnnxBytes(bytes: Uint8Array, options: ReadOnnxOptions = {}): OnnxModel {
  const external = (location: string): never => {
    throw externalWithoutFolder(location);
  };
  return readRange(memoryRange(bytes), external, options);
}

function readRange(range: ByteRange, external: ReadContext["external"], options: ReadOnnxOptions): OnnxModel {
  const path = range.origin?.path;
  if (startsWith(range, LFS_MARK)) throw lfsPointer(path);
  const reader = new WireReader(range, { ...DEFAULT_ONNX_LIMITS, ...options.limits });
  const draft = readModel({ reader, external, readGraph, nodes: 0 });
  const { graph } = draft;
  if (draft.irVersion < OLDEST_IR || draft.irVersion > NEWEST_IR) throw irVersion(path, draft.irVersion);
  if (graph === undefined) throw missingGraph(path);
  return { ...draft, graph };
}

function readModel(context: ReadContext): Draft {
  const draft: Draft = {
    irVersion: 0,
    opsetImports: NO_ITEMS,
    producerName: "",
    producerVersion: "",
    domain: "",
    modelVersion: 0n,
    docString: "",
    graph: undefined,
    functions: NO_ITEMS,
    metadata: NO_ENTRIES,
    trainingInfo: NO_ITEMS,
    configurations: NO_ITEMS,
  };
  readMessage(context.reader, (field) => readModelField(context, field, draft));
  return draft;
}

function readModelField(context: ReadContext, field: number, draft: Draft): void {
  const { reader } = context;
  switch (field) {
    case 1:
      draft.irVersion = reader.integer("The IR version");
      return;
    case 5:
      draft.modelVersion = reader.int64();
      return;
    case 7:
      requireFirst(reader, draft.graph, "ModelProto", "graph");
      draft.graph = readGraph(context);
      return;
    case 8:
      draft.opsetImports = append(draft.opsetImports, readOpsetImport(reader));
      return;
    case 14:
      draft.metadata = readEntry(reader, draft.metadata);
      return;
    case 20:
      draft.trainingInfo = append(draft.trainingInfo, reader.content);
      return;
    case 25:
      draft.functions = append(draft.functions, readFunction(context));
      return;
    case 26:
      draft.configurations = append(draft.configurations, reader.content);
      return;
    default:
      return readModelText(reader, field, draft);
  }
}

function readModelText(reader: Reader, field: number, draft: Draft): void {
  if (field === 2) draft.producerName = reader.text();
  else if (field === 3) draft.producerVersion = reader.text();
  else if (field === 4) draft.domain = reader.name();
  else if (field === 6) draft.docString = reader.prose();
}

function startsWith(range: ByteRange, mark: string): boolean {
  const head = range.read(0, Math.min(mark.length, range.byteLength));
  return Buffer.from(head).toString("latin1") === mark;
}
