import type { ByteRange } from "../files/index.js";
import { NPY_DATA_TYPES, type NpyDataType } from "./dtypes.js";
import { npyDType, npyHeader } from "./errors.js";

/** What the header of a .npy file says. */
export interface NpyHeader {
  readonly type: NpyDataType;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements start. */
  readonly dataOffset: number;
}

const MAGIC = "\x93NUMPY";
const MAX_HEADER_BYTES = 65_536;
const MAX_RANK = 64;
/** One `'key': value,` of a Python dict of a string, a bool and a tuple of integers. */
const ENTRY = /\s*'(descr|fortran_order|shape)'\s*:\s*('[^'\\]*'|True|False|\([0-9L, ]*\))\s*(,|(?=\}))/y;

/** The type of an array of records is a list of its fields. */
const RECORD = /^\{\s*'descr'\s*:\s*(\[.*\])\s*,\s*'fortran_order'\s*:/s;

/**
 * The header at the start of a range, format versions 1 to 3 (numpy.lib.format). Throws VX-IMPORT-NPY-HEADER, -DTYPE.
 */
export function readNpyHeader(range: ByteRange): NpyHeader {
  const path = range.origin?.path;
  const { text, dataOffset } = headerText(range);
  const fields = parseDict(path, text);
  const { type, bigEndian } = parseDescr(path, fields.get("descr") ?? "");
  return {
    type,
    bigEndian,
    fortranOrder: fields.get("fortran_order") === "True",
    shape: parseShape(path, fields.get("shape") ?? ""),
    dataOffset,
  };
}

/** The header of a little-endian row-major array, padded so that the elements start at a multiple of 64 bytes. */
export function encodeNpyHeader(type: NpyDataType, shape: readonly number[]): Uint8Array {
  const order = type.bytes === 1 ? "|" : "<";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${order}${type.code}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const prefixBytes = MAGIC.length + 4;
  const padding = 63 - ((prefixBytes + dict.length) % 64);
  const text = `${dict}${" ".repeat(padding)}\n`;
  const header = Buffer.from(`${MAGIC}\x01\x00\x00\x00${text}`, "latin1");
  header.writeUInt16LE(text.length, MAGIC.length + 2);
  return new Uint8Array(header);
}

function headerText(range: ByteRange): { text: string; dataOffset: number } {
  const path = range.origin?.path;
  const head = Buffer.from(range.read(0, Math.min(12, range.byteLength)));
  if (head.toString("latin1", 0, 6) !== MAGIC) throw npyHeader(path, "does not start with the mark of NumPy");
  const version = head[6] ?? 0;
  if (version < 1 || version > 3) throw npyHeader(path, `has the format version ${version}; expected 1, 2 or 3`);
  const prefixBytes = version === 1 ? 10 : 12;
  if (head.byteLength < prefixBytes) throw npyHeader(path, "is cut short");
  const length = version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  const dataOffset = prefixBytes + length;
  if (length > MAX_HEADER_BYTES) throw npyHeader(path, `is ${length} bytes long; expected at most ${MAX_HEADER_BYTES}`);
  if (dataOffset > range.byteLength) throw npyHeader(path, "is cut short");
  return { text: Buffer.from(range.read(prefixBytes, dataOffset)).toString("latin1").trim(), dataOffset };
}

function parseDict(path: string | undefined, text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const refuse = () => npyHeader(path, "is not a dict of descr, fortran_order and shape");
  const record = RECORD.exec(text)?.[1];
  if (record !== undefined) throw npyDType(path, record);
  if (!text.startsWith("{") || !text.endsWith("}")) throw refuse();
  let at = 1;
  for (let match = matchAt(text, at); match !== null; match = matchAt(text, at)) {
    const [whole, key = "", value = ""] = match;
    if (fields.has(key)) throw refuse();
    fields.set(key, value);
    at += whole.length;
  }
  if (fields.size !== 3 || text.slice(at).trim() !== "}") throw refuse();
  return fields;
}

function matchAt(text: string, at: number): RegExpExecArray | null {
  const entry = new RegExp(ENTRY);
  entry.lastIndex = at;
  return entry.exec(text);
}

function parseDescr(path: string | undefined, value: string): { type: NpyDataType; bigEndian: boolean } {
  const descr = value.slice(1, -1);
  const type = NPY_DATA_TYPES.find(({ code }) => code === descr.slice(1));
  if (type === undefined || !"<>|=".includes(descr.charAt(0))) throw npyDType(path, descr);
  return { type, bigEndian: descr.startsWith(">") };
}

function parseShape(path: string | undefined, value: string): readonly number[] {
  const refuse = (why: string) => npyHeader(path, `has the shape ${value.slice(0, 80)}, ${why}`);
  const items = value
    .slice(1, -1)
    .split(",")
    .map((item) => item.trim());
  if (items.at(-1) === "") items.pop();
  const shape = items.map((item) => (/^[0-9]{1,16}L?$/.test(item) ? Number.parseInt(item, 10) : Number.NaN));
  if (!value.startsWith("(") || shape.some((extent) => !Number.isSafeInteger(extent))) throw refuse("which is no tuple of extents");
  if (shape.length > MAX_RANK) throw refuse(`which has more than ${MAX_RANK} dimensions`);
  return shape;
}
