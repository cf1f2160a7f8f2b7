/** Reads and writes .npz archives of stored (uncompressed) .npy members: the samples' form. */
import { readFileSync, writeFileSync } from "node:fs";
import { crc32 } from "./crc32.mjs";

const DESCRIPTORS = [
  ["<f4", Float32Array],
  ["<f8", Float64Array],
  ["<i8", BigInt64Array],
  ["<i4", Int32Array],
  ["|i1", Int8Array],
  ["|u1", Uint8Array],
  ["|b1", Uint8Array],
  ["<u8", BigUint64Array],
];

function npyOf(values, shape) {
  const [descriptor] = DESCRIPTORS.find(([, type]) => values instanceof type);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([prefix, Buffer.from(padded, "latin1"), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

function npyValue(bytes) {
  const headerLength = bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, 10 + headerLength);
  const descriptor = /'descr': '([^']+)'/.exec(header)[1];
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)[1]
    .split(",")
    .filter((d) => d.trim())
    .map(Number);
  const type = DESCRIPTORS.find(([key]) => key === descriptor)[1];
  const data = bytes.subarray(10 + headerLength);
  return { descriptor, shape, values: new type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)) };
}

function memberRecords(name, data, offset) {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x21, 8); // 1980-01-01: the archive depends on its contents only
  fields.writeUInt32LE(crc32(data), 10);
  fields.writeUInt32LE(data.length, 14);
  fields.writeUInt32LE(data.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(offset, 10);
  return {
    local: [Buffer.from("PK\x03\x04", "latin1"), fields, Buffer.from(name), data],
    central: [Buffer.from("PK\x01\x02", "latin1"), Buffer.from([20, 0]), fields, tail, Buffer.from(name)],
  };
}

/** Writes `arrays`, a record of name to {values, shape}. */
export function writeNpz(path, arrays) {
  const parts = [];
  const central = [];
  let offset = 0;
  for (const [key, { values, shape }] of Object.entries(arrays)) {
    const records = memberRecords(`${key}.npy`, npyOf(values, shape), offset);
    parts.push(...records.local);
    central.push(...records.central);
    offset += records.local.reduce((sum, part) => sum + part.length, 0);
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(Object.keys(arrays).length, 8);
  end.writeUInt16LE(Object.keys(arrays).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  writeFileSync(path, Buffer.concat([...parts, directory, end]));
}

/** Reads every member: Map of name to {descriptor, shape, values}. Compressed members are refused. */
export function readNpz(path) {
  const archive = readFileSync(path);
  const end = archive.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const arrays = new Map();
  for (let i = 0; i < count; i += 1) {
    if (archive.readUInt16LE(at + 10) !== 0) throw new Error(`${path}: member ${i} is compressed; store it`);
    const [size, nameLength, extra, comment, local] = [
      archive.readUInt32LE(at + 24),
      archive.readUInt16LE(at + 28),
      archive.readUInt16LE(at + 30),
      archive.readUInt16LE(at + 32),
      archive.readUInt32LE(at + 42),
    ];
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength).replace(/\.npy$/, "");
    const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    arrays.set(name, npyValue(archive.subarray(begin, begin + size)));
    at += 46 + nameLength + extra + comment;
  }
  return arrays;
}
