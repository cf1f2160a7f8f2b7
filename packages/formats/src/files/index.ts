export { readAll, writeAll } from "./all-bytes.js";
export { type ByteRange, memoryRange, WINDOW_BYTES, windowsOf } from "./byte-range.js";
export { openExternal, resolveExternalPath } from "./external-path.js";
export { FilePool } from "./file-pool.js";
export { type ByteSink, FileSink, type SinkSummary } from "./file-sink.js";
export { FormatError, type FormatErrorDetails } from "./format-error.js";
