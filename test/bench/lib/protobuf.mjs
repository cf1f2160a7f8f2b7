/** The few protobuf wire forms that the model generators need. Every function returns a Buffer holding one encoded field. */

/** Base-128 varint of a non-negative integer, or of a negative one as 64-bit two's complement. */
function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

export const int = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);

export function float(field, value) {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), bytes]);
}

/** A length-delimited field: string, bytes, or a message given as its encoded fields. */
export function bytes(field, value) {
  const body = typeof value === "string" ? Buffer.from(value) : Array.isArray(value) ? Buffer.concat(value) : Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
}
