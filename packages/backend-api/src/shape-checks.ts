/** What is wrong with a value, in words that begin with the `path` to it; undefined when nothing is. */
export type Check = (value: unknown, path: string) => string | undefined;

/** The values that satisfy `isOne`, which are called `what`. */
function kind(isOne: (value: unknown) => boolean, what: string): Check {
  return (value, path) => (isOne(value) ? undefined : `${path} is ${nameOf(value)}, not ${what}`);
}

export const text: Check = kind((value) => typeof value === "string", "a string");
export const method: Check = kind((value) => typeof value === "function", "a function");
export const flag: Check = kind((value) => typeof value === "boolean", "a boolean");
export const number: Check = kind(Number.isFinite, "a finite number");

/** Text that says something. */
export const words: Check = (value, path) => text(value, path) ?? (value === "" ? `${path} is empty` : undefined);

/** Text of that form. */
export function like(pattern: RegExp): Check {
  return (value, path) => {
    const problem = text(value, path);
    return problem === undefined && !pattern.test(value as string) ? `${path} ${JSON.stringify(value)} does not match ${pattern}` : problem;
  };
}

/** One of these words. */
export function oneOf(words: readonly string[]): Check {
  return (value, path) => {
    if (typeof value === "string" && words.includes(value)) return undefined;
    return `${path} is ${typeof value === "string" ? JSON.stringify(value) : nameOf(value)}, not one of ${words.join(", ")}`;
  };
}

/** An object in which each of these holds. */
export function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (typeof value !== "object" || value === null) return `${path} is ${nameOf(value)}, not an object`;
    const own = value as Readonly<Record<string, unknown>>;
    return firstOf(Object.entries(checks), ([name, check]) => check(own[name], `${path}.${name}`));
  };
}

/** An object whose own values all satisfy `check`. */
export function record(check: Check): Check {
  return (value, path) =>
    fields({})(value, path) ?? firstOf(Object.entries(value as object), ([name, item]) => check(item, `${path}.${name}`));
}

export function list(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is ${nameOf(value)}, not a list`;
    return firstOf([...(value as readonly unknown[]).entries()], ([i, item]) => check(item, `${path}[${i}]`));
  };
}

export function optional(check: Check): Check {
  return (value, path) => (value === undefined ? undefined : check(value, path));
}

function firstOf<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return "a list";
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}
