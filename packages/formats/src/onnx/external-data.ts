import type { ByteRange } from "../files/index.js";
import { externalInvalid, type Place } from "./errors.js";
import type { OnnxExternalData } from "./model.js";
import { elementBytes } from "./tensor-size.js";

/** What `external_data` is read for. */
interface ExternalTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly external: ReadonlyMap<string, string>;
}

/**
 * The external data of a tensor from its `external_data` entries. Keys other than location, offset, length and
 * checksum (onnx docs/ExternalData.md) are ignored. Throws VX-IMPORT-ONNX-EXTERNAL.
 */
export function externalData(openFile: (location: string) => ByteRange, tensor: ExternalTensor, at: Place): OnnxExternalData {
  const location = tensor.external.get("location");
  if (location === undefined) throw externalInvalid(at, tensor.name, "has no location");
  const offset = byteNumber(tensor, "offset", at) ?? 0;
  const length = byteNumber(tensor, "length", at);
  return {
    kind: "external",
    location,
    offset,
    length,
    checksum: tensor.external.get("checksum"),
    open() {
      const file = openFile(location);
      const needed = length ?? elementBytes(tensor, at.path);
      if (offset + needed > file.byteLength) {
        const place = { path: file.origin?.path ?? at.path, offset };
        throw externalInvalid(
          place,
          tensor.name,
          `needs bytes ${offset} to ${offset + needed} of ${JSON.stringify(location)}, which has ${file.byteLength}`,
        );
      }
      return file.slice(offset, offset + needed);
    },
  };
}

function byteNumber(tensor: ExternalTensor, key: string, at: Place): number | undefined {
  const text = tensor.external.get(key);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw externalInvalid(at, tensor.name, `has the ${key} ${JSON.stringify(text.slice(0, 40))}; expected a whole number of bytes`);
  return value;
}
