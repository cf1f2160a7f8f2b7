import type { Random } from "./random.js";
import { encodeWire, parseWire, type WireField } from "./wire-tree.js";

const EXTREMES = [0n, 1n, -1n, 2n, 127n, 2n ** 31n, 2n ** 31n - 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 21n, 22n, 99n];
const TRAPS = [
  "",
  "__proto__",
  "constructor",
  "x",
  "y",
  "..",
  "/etc/passwd",
  "\u0000",
  "a".repeat(300),
  "\u202e",
  "Loop",
  "If",
  "MatMul",
  "Constant",
  "com.microsoft",
];

/** One mutant of a model: usually a few edits of its message tree, sometimes plain damage of its bytes. */
export function mutateOnnx(model: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.2)) return damage(model, random);
  const tree = parseWire(model);
  if (!tree) return damage(model, random);
  const edits = 1 + random.below(3);
  for (let i = 0; i < edits; i += 1) edit(tree, random);
  const bytes = encodeWire(tree);
  return random.chance(0.1) ? damage(bytes, random) : bytes;
}

function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  if (random.chance(0.3)) return copy.slice(0, random.below(copy.length + 1));
  const flips = 1 + random.below(4);
  for (let i = 0; i < flips; i += 1) {
    const at = random.below(copy.length);
    copy[at] = random.chance(0.5) ? (copy[at] ?? 0) ^ (1 << random.below(8)) : random.below(256);
  }
  return copy;
}

/** Edits one field of a message chosen by a random walk downwards. */
function edit(tree: WireField[], random: Random): void {
  let fields = tree;
  for (let depth = 0; depth < 8; depth += 1) {
    const messages = fields.filter((field) => Array.isArray(field.value));
    if (messages.length === 0 || random.chance(0.25)) break;
    fields = random.pick(messages).value as WireField[];
  }
  if (fields.length === 0) return;
  const at = random.below(fields.length);
  const field = fields[at] as WireField;
  switch (random.below(7)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      fields.splice(at, 0, structuredClone(random.pick(fields)));
      break;
    case 2:
      fields.splice(random.below(fields.length), 0, ...fields.splice(at, 1));
      break;
    case 3:
      field.number = 1 + random.below(30);
      break;
    default:
      change(field, random);
  }
}

function change(field: WireField, random: Random): void {
  if (typeof field.value === "bigint") field.value = random.pick(EXTREMES);
  else if (Array.isArray(field.value)) edit(field.value, random);
  else if (field.wire !== 2) field.value = field.value.map(() => random.below(256));
  else if (random.chance(0.6)) field.value = new Uint8Array(Buffer.from(random.pick(TRAPS)));
  else if (random.chance(0.5)) field.value = field.value.slice(0, random.below(field.value.length + 1));
  else field.value = new Uint8Array(Buffer.concat([field.value, field.value]));
}
