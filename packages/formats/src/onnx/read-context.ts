import type { ByteRange } from "../files/index.js";
import { duplicateField, limitExceeded } from "./errors.js";
import type { OnnxGraph } from "./model.js";
import type { WireReader } from "./wire-reader.js";

/** What the readers of all messages share while one file is read. */
export interface ReadContext {
  readonly reader: WireReader;
  /** Opens the external data file of a location; throws VX-IMPORT-EXTERNAL-*. */
  readonly external: (location: string) => ByteRange;
  /** Reads the GraphProto in the current field; here because graphs, nodes and attributes hold each other. */
  readonly readGraph: (context: ReadContext) => OnnxGraph;
  /** Nodes so far. */
  nodes: number;
}

/** Stands for every empty list and map of a model, so that a file of empty messages costs little memory. */
export const NO_ITEMS: readonly never[] = Object.freeze([]);
export const NO_ENTRIES: ReadonlyMap<string, string> = new Map();

/** `list` with `item` appended; makes the list at its first item. */
export function append<T>(list: readonly T[], item: T): readonly T[] {
  if (list === NO_ITEMS) return [item];
  (list as T[]).push(item); // only NO_ITEMS is frozen, and lists in the making have no other holder
  return list;
}

/** Reads the message in the current field: calls `visit` on each of its fields. */
export function readMessage(reader: WireReader, visit: (field: number) => void): void {
  const end = reader.enter();
  while (reader.next(end)) visit(reader.field);
  reader.leave();
}

/** Throws VX-IMPORT-ONNX-DUPLICATE if a field that may occur once was read before: readers differ in how they merge it. */
export function requireFirst(reader: WireReader, previous: unknown, message: string, field: string): void {
  if (previous !== undefined) throw duplicateField(reader.place, message, field);
}

/** Counts a node against the limit. */
export function countNode(context: ReadContext): void {
  context.nodes += 1;
  const { nodes } = context.reader.limits;
  if (context.nodes > nodes) throw limitExceeded(context.reader.place, "nodes", nodes);
}

/** A StringStringEntryProto, added to a map; of equal keys the last counts. */
export function readEntry(reader: WireReader, entries: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  let key = "";
  let value = "";
  readMessage(reader, (field) => {
    if (field === 1) key = reader.name();
    else if (field === 2) value = reader.text();
  });
  if (entries === NO_ENTRIES) return new Map([[key, value]]);
  (entries as Map<string, string>).set(key, value); // as in append
  return entries;
}
