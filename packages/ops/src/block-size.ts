import type { AttributeReader } from "./attributes.js";
import { opAttribute } from "./errors.js";

/** Attribute blocksize. Throws VX-OP-ATTRIBUTE unless it is at least 1. */
export function blockSizeOf(call: AttributeReader): number {
  const block = call.int("blocksize");
  if (block < 1) throw opAttribute(call.op, "blocksize", `${block}`, "at least 1");
  return block;
}
