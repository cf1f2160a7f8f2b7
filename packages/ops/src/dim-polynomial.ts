import type { Dim } from "@vlm-export/ir";

/**
 * A sum of integer multiples of products of symbols: product (atoms joined by `*`, sorted; empty for the constant) → factor.
 * No zero factors.
 */
export type Polynomial = ReadonlyMap<string, number>;

const TOKEN = /\s*(\d+|[A-Za-z_?][A-Za-z0-9_.?]*|\{[^{}]*\}|[-+*/()])/y;
const SYMBOL = /^[A-Za-z_?][A-Za-z0-9_.?]*$/;
/** Characters of an extent; longer text is not taken apart, and a longer result is not kept. */
export const MAX_TEXT = 240;

/** The polynomial of an extent. Text that is not in canonical form stands for itself, as one symbol. */
export function parseDim(dim: Dim): Polynomial {
  if (typeof dim === "number") return constant(dim);
  if (SYMBOL.test(dim)) return new Map([[dim, 1]]);
  const parsed = parseExpression(dim);
  return parsed && printPolynomial(parsed) === dim ? parsed : new Map([[atomOf(dim), 1]]);
}

/** Canonical text or number: products in alphabetical order, the constant last. */
export function printPolynomial(polynomial: Polynomial): Dim {
  const factor = polynomial.get("") ?? 0;
  const products = [...polynomial.keys()].filter((key) => key !== "").sort();
  if (products.length === 0) return factor;
  const [only] = products;
  if (products.length === 1 && factor === 0 && only?.startsWith("{") && polynomial.get(only) === 1 && !only.includes("*"))
    return only.slice(1, -1);
  const terms = products.map((key) => {
    const times = polynomial.get(key) as number;
    return times === 1 ? key : `${times}*${key}`;
  });
  if (factor !== 0) terms.push(`${factor}`);
  return terms.join("+").replaceAll("+-", "-");
}

/** Canonical text of an extent named elsewhere: blanks around operators do not matter. */
export function canonicalDim(dim: Dim): Dim {
  if (typeof dim === "number" || dim.length > MAX_TEXT) return dim;
  const parsed = parseExpression(dim);
  return parsed && /\s[-+*]|[-+*]\s/.test(dim) ? printPolynomial(parsed) : dim;
}

/** The polynomial without symbols. */
function constant(value: number): Polynomial {
  return value === 0 ? new Map() : new Map([["", value]]);
}

/** a + times · b. */
export function add(a: Polynomial, b: Polynomial, times = 1): Polynomial {
  const sum = new Map(a);
  for (const [key, factor] of b) {
    const total = (sum.get(key) ?? 0) + times * factor;
    if (total === 0) sum.delete(key);
    else sum.set(key, total);
  }
  return sum;
}

/** a · b. */
export function multiply(a: Polynomial, b: Polynomial): Polynomial {
  let product: Polynomial = new Map();
  for (const [keyA, factorA] of a) {
    const row = [...b].map(([keyB, factorB]): [string, number] => [joinProducts(keyA, keyB), factorA * factorB]);
    product = row.reduce((sum, term) => add(sum, new Map([term])), product);
  }
  return product;
}

/** The constant when there are no symbols. */
export function constantValue(polynomial: Polynomial): number | undefined {
  if (polynomial.size === 0) return 0;
  return polynomial.size === 1 ? polynomial.get("") : undefined;
}

/** a / b when every term divides without rest. */
export function divideExactly(a: Polynomial, b: Polynomial): Polynomial | undefined {
  const [term, ...others] = b;
  if (!term || others.length > 0) return undefined;
  const quotient = new Map<string, number>();
  for (const [key, factor] of a) {
    const rest = withoutFactors(splitProduct(key), splitProduct(term[0]));
    if (!rest || factor % term[1] !== 0) return undefined;
    quotient.set(rest.join("*"), factor / term[1]);
  }
  return quotient;
}

const FLOOR = /^floor\((.*)\/(\d+)\)$/;

/** floor(a / divisor), with the whole part taken out and nested divisions joined: floor((floor(x/m)+k)/n) = floor((x+k·m)/(m·n)). */
export function floorDivide(a: Polynomial, divisor: number): Polynomial {
  let whole: Polynomial = new Map();
  let rest: Polynomial = new Map();
  for (const [key, factor] of a) {
    const times = key === "" ? Math.floor(factor / divisor) : Math.trunc(factor / divisor);
    whole = add(whole, new Map(times === 0 ? [] : [[key, times]]));
    rest = add(rest, new Map(factor === times * divisor ? [] : [[key, factor - times * divisor]]));
  }
  const value = constantValue(rest);
  if (value !== undefined) return add(whole, constant(Math.floor(value / divisor)));
  return add(whole, joinNested(rest, divisor) ?? new Map([[`floor(${group(rest)}/${divisor})`, 1]]));
}

function joinNested(a: Polynomial, divisor: number): Polynomial | undefined {
  const terms = [...a].filter(([key]) => key !== "");
  const [term] = terms;
  if (!term || terms.length !== 1 || term[1] !== 1) return undefined;
  const nested = FLOOR.exec(term[0]);
  const inner = nested && parseExpression(nested[1] as string);
  if (!inner) return undefined;
  const scale = Number(nested[2]);
  return floorDivide(add(inner, constant((a.get("") ?? 0) * scale)), scale * divisor);
}

function group(polynomial: Polynomial): string {
  const text = `${printPolynomial(polynomial)}`;
  return polynomial.size > 1 ? `(${text})` : text;
}

function atomOf(text: string): string {
  return SYMBOL.test(text) ? text : `{${text.replaceAll(/[{}]/g, "_")}}`;
}

/** The atoms of a product key; `*` inside braces or parentheses does not separate. */
function splitProduct(key: string): readonly string[] {
  const atoms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= key.length; i += 1) {
    const sign = key[i];
    if (sign === "(" || sign === "{") depth += 1;
    if (sign === ")" || sign === "}") depth -= 1;
    if (i < key.length && (sign !== "*" || depth > 0)) continue;
    if (i > start) atoms.push(key.slice(start, i));
    start = i + 1;
  }
  return atoms;
}

function joinProducts(a: string, b: string): string {
  return [...splitProduct(a), ...splitProduct(b)].sort().join("*");
}

function withoutFactors(atoms: readonly string[], factors: readonly string[]): readonly string[] | undefined {
  const rest = [...atoms];
  for (const factor of factors) {
    const at = rest.indexOf(factor);
    if (at < 0) return undefined;
    rest.splice(at, 1);
  }
  return rest;
}

/** Recursive descent over sum := product (± product)*, product := factor (* factor)*, factor := number | symbol | floor(sum/number) | (sum). */
function parseExpression(text: string): Polynomial | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  let at = 0;
  const accept = (token: string): boolean => tokens[at] === token && ++at > 0;

  const factor = (): Polynomial | undefined => {
    const token = tokens[at++];
    if (token === undefined) return undefined;
    if (/^\d/.test(token)) return Number.isSafeInteger(Number(token)) ? constant(Number(token)) : undefined;
    if (token === "floor" && accept("(")) return floorCall();
    if (token === "(") {
      const inner = sum();
      return accept(")") ? inner : undefined;
    }
    return /^[A-Za-z_?{]/.test(token) ? new Map([[token, 1]]) : undefined;
  };
  const floorCall = (): Polynomial | undefined => {
    const inner = product();
    if (!inner || !accept("/")) return undefined;
    const divisor = Number(tokens[at++]);
    return accept(")") && Number.isSafeInteger(divisor) && divisor > 0 ? floorDivide(inner, divisor) : undefined;
  };
  const product = (): Polynomial | undefined => {
    let value = accept("-") ? scaled(factor(), -1) : factor();
    while (value && accept("*")) {
      const next = factor();
      value = next && multiply(value, next);
    }
    return value;
  };
  const sum = (): Polynomial | undefined => {
    let value = product();
    while (value && (tokens[at] === "+" || tokens[at] === "-")) {
      const times = tokens[at++] === "+" ? 1 : -1;
      const next = product();
      value = next && add(value, next, times);
    }
    return value;
  };
  const value = sum();
  return at === tokens.length ? value : undefined;
}

function scaled(polynomial: Polynomial | undefined, times: number): Polynomial | undefined {
  return polynomial && add(new Map(), polynomial, times);
}

function tokensOf(text: string): readonly string[] | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.trimEnd().length) {
    const match = pattern.exec(text);
    if (!match) return undefined;
    tokens.push(match[1] as string);
  }
  return tokens;
}
