/** A protobuf message as a tree of fields, read without a schema: a length-delimited field is a message where its bytes parse as one. */
export interface WireField {
  number: number;
  value: bigint | Uint8Array | WireField[];
  wire: 0 | 1 | 2 | 5;
}

/** Undefined when the bytes are no message. */
export function parseWire(bytes: Uint8Array, depth = 0): WireField[] | undefined {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const key = varint(bytes, at);
    if (!key) return undefined;
    at = key.end;
    const number = Number(key.value >> 3n);
    const wire = Number(key.value & 7n);
    if (number === 0 || number > 1000 || (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5)) return undefined;
    const read = payload(bytes, at, wire, depth);
    if (!read) return undefined;
    fields.push({ number, wire, value: read.value });
    at = read.end;
  }
  return fields;
}

function payload(
  bytes: Uint8Array,
  at: number,
  wire: 0 | 1 | 2 | 5,
  depth: number,
): { readonly value: WireField["value"]; readonly end: number } | undefined {
  if (wire === 0) return varint(bytes, at);
  if (wire !== 2) {
    const end = at + (wire === 1 ? 8 : 4);
    return end <= bytes.length ? { value: bytes.slice(at, end), end } : undefined;
  }
  const length = varint(bytes, at);
  const end = length ? length.end + Number(length.value) : Number.POSITIVE_INFINITY;
  if (!length || end > bytes.length) return undefined;
  const inner = bytes.slice(length.end, end);
  const message = depth < 8 && inner.length > 1 ? parseWire(inner, depth + 1) : undefined;
  return { value: message ?? inner, end };
}

function varint(bytes: Uint8Array, at: number): { readonly value: bigint; readonly end: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value, end: at + i + 1 };
  }
  return undefined;
}

export function encodeWire(fields: readonly WireField[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, wire, value } of fields) {
    parts.push(encodeVarint((BigInt(number) << 3n) | BigInt(wire)));
    if (typeof value === "bigint") parts.push(encodeVarint(BigInt.asUintN(64, value)));
    else {
      const bytes = Array.isArray(value) ? encodeWire(value) : value;
      if (wire === 2) parts.push(encodeVarint(BigInt(bytes.length)));
      parts.push(bytes);
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}

function encodeVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
