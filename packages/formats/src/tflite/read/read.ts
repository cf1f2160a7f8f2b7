import { decodeTfliteMalformed, decodeTfliteUnsupported } from "../errors.js";
import type {
  TfliteBytes,
  TfliteMetadata,
  TfliteModel,
  TfliteOperator,
  TfliteOperatorCode,
  TfliteSignature,
  TfliteSubgraph,
  TfliteTensorMap,
} from "../model.js";
import { operatorNames } from "./names.js";
import { readOptions } from "./options.js";
import { Reading, Table } from "./table.js";
import { readTensor } from "./tensor.js";

const headBytes = 8;
const version = 3;
const empty: TfliteBytes = { byteLength: 0, read: () => new Uint8Array(0) };

interface Counts {
  readonly operatorCodes: number;
  readonly buffers: readonly TfliteBytes[];
}

/**
 * Reads a .tflite file by ranges: only the tables are read here, constant data stays ranges of `source`.
 * Every offset, vtable, vector, string, union and index is checked against the file, and every dense constant against
 * its shape. Shares no code with the writer. Throws VX-DECODE-TFLITE-MALFORMED, -LIMIT and -UNSUPPORTED.
 */
export function readTflite(source: TfliteBytes): TfliteModel {
  const reading = new Reading(source);
  const model = rootOf(reading);
  const operatorCodes = model.tables(1).map(readOperatorCode);
  const buffers = model.tables(4).map((table) => readBuffer(reading, table));
  const counts = { operatorCodes: operatorCodes.length, buffers };
  const subgraphs = model.tables(2).map((table) => readSubgraph(table, counts));
  const description = model.text(3);
  return {
    ...(description === undefined ? {} : { description }),
    operatorCodes,
    subgraphs,
    buffers,
    metadata: model.tables(6).map((table) => readMetadata(table, buffers.length)),
    signatures: model.tables(7).map((table) => readSignature(table, subgraphs)),
  };
}

function rootOf(reading: Reading): Table {
  const { file } = reading;
  file.require(0, headBytes, "the head");
  const identifier = [4, 5, 6, 7].map((at) => String.fromCharCode(file.u8(at))).join("");
  if (identifier !== "TFL3") throw decodeTfliteMalformed(`the identifier is ${JSON.stringify(identifier)}, expected "TFL3"`, 4);
  const root = new Table(reading, file.u32(0));
  if (root.u32(0) !== version) throw decodeTfliteMalformed(`schema version ${root.u32(0)}, expected ${version}`, root.position);
  return root;
}

/** Writers older than TensorFlow 2.4 know only the i8 field, newer ones fill both: the larger one is meant. */
function readOperatorCode(table: Table): TfliteOperatorCode {
  const code = Math.max(table.i8(0), table.i32(3));
  const op = operatorNames[code];
  if (op === undefined) throw decodeTfliteUnsupported(`operator code ${code}`, table.position);
  const customCode = table.text(1);
  return { op, version: table.i32(2, 1), ...(customCode === undefined ? {} : { customCode }) };
}

/** Data lies in the table; else, where `offset` exceeds 1, in the file from there on (the runtime's order). */
function readBuffer(reading: Reading, table: Table): TfliteBytes {
  const inline = table.bytes(0);
  if (inline) return inline;
  const offset = table.u64(1);
  return offset > 1 ? reading.file.range(offset, table.u64(2)) : empty;
}

function readSubgraph(table: Table, counts: Counts): TfliteSubgraph {
  const tensors = table.tables(0).map((tensor) => readTensor(tensor, counts.buffers));
  const inputs = table.i32s(1);
  const outputs = table.i32s(2);
  for (const index of [...inputs, ...outputs]) checkIndex("subgraph input or output", index, tensors.length, table);
  const operators = table.tables(3).map((operator) => readOperator(operator, counts, tensors.length));
  const name = table.text(4);
  return { ...(name === undefined ? {} : { name }), tensors, inputs, outputs, operators };
}

function readOperator(table: Table, counts: Counts, tensors: number): TfliteOperator {
  const opcode = checkIndex("operator code", table.u32(0), counts.operatorCodes, table);
  const inputs = table.i32s(1);
  const outputs = table.i32s(2);
  for (const index of inputs) if (index !== -1) checkIndex("operator input", index, tensors, table);
  for (const index of outputs) checkIndex("operator output", index, tensors, table);
  const options = optionsOf(table);
  const customOptions = table.bytes(5);
  if (table.u64(9) > 1) throw decodeTfliteUnsupported("custom options outside the tables", table.position);
  return { opcode, inputs, outputs, ...(options ? { options } : {}), ...(customOptions ? { customOptions } : {}) };
}

function optionsOf(table: Table): TfliteOperator["options"] {
  const first = unionOf(table, 3, 4, "builtin_options");
  const second = unionOf(table, 11, 12, "builtin_options_2");
  if (first) return readOptions(first.code, first.table);
  return second && { kind: "Opaque", union: 2, code: second.code };
}

function unionOf(
  table: Table,
  typeId: number,
  valueId: number,
  name: string,
): { readonly code: number; readonly table: Table } | undefined {
  const code = table.u8(typeId);
  const value = table.table(valueId);
  if ((code === 0) !== (value === undefined)) throw decodeTfliteMalformed(`union ${name} has a type or a value, not both`, table.position);
  return value && { code, table: value };
}

function readMetadata(table: Table, buffers: number): TfliteMetadata {
  return { name: table.text(0) ?? "", buffer: checkIndex("metadata buffer", table.u32(1), buffers, table) };
}

function readSignature(table: Table, subgraphs: readonly TfliteSubgraph[]): TfliteSignature {
  const subgraph = checkIndex("signature subgraph", table.u32(4), subgraphs.length, table);
  const tensors = subgraphs[subgraph]?.tensors.length ?? 0;
  const maps = (id: number) => table.tables(id).map((map) => readTensorMap(map, tensors));
  return { key: table.text(2) ?? "", inputs: maps(0), outputs: maps(1), subgraph };
}

function readTensorMap(table: Table, tensors: number): TfliteTensorMap {
  return { name: table.text(0) ?? "", tensor: checkIndex("signature tensor", table.u32(1), tensors, table) };
}

function checkIndex(what: string, index: number, count: number, table: Table): number {
  if (index < 0 || index >= count) throw decodeTfliteMalformed(`${what} ${index} is outside 0..${count - 1}`, table.position);
  return index;
}
