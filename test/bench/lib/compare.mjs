/** Compares the outputs of two runs of one case. */

const DEFAULT_RTOL = 1e-3;
const DEFAULT_ATOL = 1e-7;

function halfToNumber(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function numbersOf(tensor) {
  if (tensor.type === "float16" && tensor.data instanceof Uint16Array) return Array.from(tensor.data, halfToNumber);
  return tensor.data;
}

function near(a, b, { rtol, atol }) {
  if (typeof a !== "number") return a === b;
  if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Math.abs(a - b) <= atol + rtol * Math.abs(a);
}

/** Why tensor `b` is not `a`, or undefined. Integers, strings and booleans must be equal; floats within the case's tolerance. */
function difference(name, a, b, tolerance) {
  if (a === undefined || b === undefined) return a === b ? undefined : `${name}: missing`;
  if (a.type !== b.type) return `${name}: ${b.type} instead of ${a.type}`;
  if (a.dims.join() !== b.dims.join()) return `${name}: shape [${b.dims}] instead of [${a.dims}]`;
  if (tolerance.random) return undefined;
  const [x, y] = [numbersOf(a), numbersOf(b)];
  const at = x.findIndex((value, i) => !near(value, y[i], tolerance));
  return at < 0 ? undefined : `${name}[${at}]: ${y[at]} instead of ${x[at]}`;
}

/** {status: "same" | "different", reason?}; a random source is compared in type and shape only. */
export function compareOutputs(source, ours, { rtol, atol }) {
  if (source.values.length !== ours.values.length)
    return { status: "different", reason: `${ours.values.length} outputs instead of ${source.values.length}` };
  const tolerance = { rtol: rtol ?? DEFAULT_RTOL, atol: atol ?? DEFAULT_ATOL, random: source.random };
  const reason = source.values.map((value, k) => difference(source.names[k], value, ours.values[k], tolerance)).find(Boolean);
  return reason ? { status: "different", reason } : { status: "same" };
}
