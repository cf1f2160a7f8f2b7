/** What is wrong with a value, in words that begin with the `path` to it; undefined when nothing is. */
type Check = (value: unknown, path: string) => string | undefined;

const text: Check = (value, path) => (typeof value === "string" ? undefined : `${path} is ${nameOf(value)}, not a string`);
const method: Check = (value, path) => (typeof value === "function" ? undefined : `${path} is ${nameOf(value)}, not a function`);

/** An object in which each of these holds. */
function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (typeof value !== "object" || value === null) return `${path} is ${nameOf(value)}, not an object`;
    const own = value as Readonly<Record<string, unknown>>;
    return firstOf(Object.entries(checks), ([name, check]) => check(own[name], `${path}.${name}`));
  };
}

function list(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is ${nameOf(value)}, not a list`;
    return firstOf([...(value as readonly unknown[]).entries()], ([i, item]) => check(item, `${path}[${i}]`));
  };
}

function optional(check: Check): Check {
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
  if (Array.isArray(value)) return "a list";
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

const tensorName = { component: text, value: text };
const location = { ...tensorName, key: text };

/** What a tensor was decoded to is judged where it is compared: from a damaged file it may be anything, which is then a difference. */
const CHECKS: ReadonlyMap<string, Check> = new Map([
  ["probe", list(fields({ code: text, message: text, where: fields({}) }))],
  [
    "emit",
    fields({
      formatVersion: text,
      tensors: list(fields({ ...location, reencodings: list(text) })),
      constants: optional(list(fields(location))),
      losses: optional(list(fields({ ...tensorName, reason: text, resolution: text }))),
    }),
  ],
  ["decode", fields({ decoder: text, tensors: list(fields({})), constants: optional(list(fields({}))) })],
  ["open", fields({ name: text, version: text, run: method, close: method, defaults: optional(fields({ advice: text, run: method })) })],
  ["run", fields({ get: method })],
]);

/** Why the contract does not allow a hook to give `result`, in words; undefined when it does. `lower` may give anything. */
export function resultProblem(hook: string, result: unknown): string | undefined {
  return CHECKS.get(hook)?.(result, "result");
}
