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
  const byteLength = messages.reduce((sum, parts) => sum + parts.byteLength, 0);
  const list = messages.flatMap((parts) => parts.list);
  return { byteLength, list: joinSmall(list, byteLength) };
}

/** `content` as a length-delimited field of a message around it. */
export function fieldParts(field: number, content: Parts): Parts {
  const header = Uint8Array.from([...varint(field * 8 + LENGTH_DELIMITED), ...varint(content.byteLength)]);
  return concatenated([partsOf(header), content]);
}

function joinSmall(list: readonly (Uint8Array | Payload)[], byteLength: number): readonly (Uint8Array | Payload)[] {
  const whole: Uint8Array[] = [];
  if (byteLength > JOIN_BYTES || list.length < 2) return list;
  for (const part of list) {
    if (!(part instanceof Uint8Array)) return list;
    whole.push(part);
  }
  return [Uint8Array.from(Buffer.concat(whole))];
}

/** A non-negative safe integer as a protobuf varint: 7 bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}
