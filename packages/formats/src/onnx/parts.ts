/** Bytes of a tensor that are read when the file is written. */
export interface Payload {
  /** Name of the tensor, for errors. */
  readonly tensor: string;
  readonly byteLength: number;
  chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A protobuf message in pieces, so that payloads are never joined. */
export interface Parts {
  readonly byteLength: number;
  readonly list: readonly (Uint8Array | Payload)[];
}

/** Pieces are joined while the whole is smaller than this. */
const JOIN_BYTES = 16 * 1024;
const LENGTH_DELIMITED = 2;

/** Bytes as parts. */
export function partsOf(bytes: Uint8Array): Parts {
  return { byteLength: bytes.byteLength, list: [bytes] };
}

/** A payload as parts. */
export function payloadParts(payload: Payload): Parts {
  return { byteLength: payload.byteLength, list: [payload] };
}

/** One message after the other: protobuf merges them. */
export function concatenated(messages: readonly Parts[]): Parts {
  let byteLength = 0;
  for (const parts of messages) byteLength += parts.byteLength;
  const list: (Uint8Array | Payload)[] = [];
  for (const parts of messages) for (const part of parts.list) list.push(part);
  return { byteLength, list: byteLength > JOIN_BYTES ? list : joinBytes(list, byteLength) };
}

/** `content` as a length-delimited field of a message around it. */
export function fieldParts(field: number, content: Parts): Parts {
  return concatenated([partsOf(fieldHeader(field, content.byteLength)), content]);
}

/** One piece, if no payload is among the pieces. */
function joinBytes(list: readonly (Uint8Array | Payload)[], byteLength: number): readonly (Uint8Array | Payload)[] {
  if (list.length < 2) return list;
  const joined = new Uint8Array(byteLength);
  let at = 0;
  for (const part of list) {
    if (!(part instanceof Uint8Array)) return list;
    joined.set(part, at);
    at += part.byteLength;
  }
  return [joined];
}

/** Tag and length of a length-delimited field. */
function fieldHeader(field: number, byteLength: number): Uint8Array {
  return Uint8Array.from(varint(byteLength, varint(field * 8 + LENGTH_DELIMITED, [])));
}

/** Appends a non-negative safe integer as a protobuf varint: 7 bits a byte, the lowest first. */
function varint(value: number, bytes: number[]): number[] {
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
