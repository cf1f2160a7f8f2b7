import type { Backend } from "./backend.js";
import { rulesProblem } from "./rule-shape.js";
import { pluginContract } from "./errors.js";

const NAME = /^[a-z][a-z0-9-]*$/;
/** Folder of an output, beside those that are named after targets, for artifacts that failed their proof. */
export const REJECTED_FOLDER = "rejected";

/** Checks name, apiVersion, required hooks and rule ids, and freezes the object; gives type inference. Throws VX-PLUGIN-CONTRACT. */
export function defineBackend<Options, TargetModel>(backend: Backend<Options, TargetModel>): Backend<Options, TargetModel> {
  const problems = contractProblems(backend);
  if (problems.length > 0) throw pluginContract(String(backend?.name), problems);
  return Object.freeze(backend);
}

/** What keeps a value from being a backend, in words; empty when nothing does. */
export function contractProblems(candidate: unknown): readonly string[] {
  if (!isObject(candidate)) return [`expected a plain object, got ${candidate === null ? "null" : typeof candidate}`];
  const backend: Partial<Backend> = candidate;
  const problems = [...nameProblems(backend.name)];
  if (backend.apiVersion !== 1) problems.push(`apiVersion ${JSON.stringify(backend.apiVersion)} is not 1, the version of this host`);
  for (const hook of ["lower", "emit", "decode"] as const)
    if (typeof backend[hook] !== "function") problems.push(`hook ${hook} is missing`);
  for (const hook of ["probe", "partition", "open"] as const)
    if (backend[hook] !== undefined && typeof backend[hook] !== "function") problems.push(`hook ${hook} is not a function`);
  return [...problems, ...capabilityProblems(backend)];
}

function nameProblems(name: unknown): readonly string[] {
  if (typeof name !== "string" || !NAME.test(name)) return [`name ${JSON.stringify(name)} must match ${NAME}`];
  if (name !== REJECTED_FOLDER) return [];
  return [`name ${JSON.stringify(name)} is that of the folder for artifacts that failed their proof`];
}

function capabilityProblems(backend: Partial<Backend>): readonly string[] {
  const { capabilities } = backend;
  if (!capabilities) return ["capabilities are missing"];
  const lists = ["units", "weights", "activations", "granularities", "blockSizes", "rules"] as const;
  const missing = lists.filter((key) => !Array.isArray(capabilities[key])).map((key) => `capabilities.${key} must be a list`);
  if (missing.length > 0) return missing;
  const odd = rulesProblem(capabilities.rules);
  if (odd !== undefined) return [odd];
  const ids = capabilities.rules.map((rule) => rule.id);
  const repeated = ids.filter((id, i) => ids.indexOf(id) !== i);
  const bare = capabilities.rules.filter((rule) => !rule.reason || !rule.source).map((rule) => rule.id);
  return [
    ...repeated.map((id) => `rule id ${JSON.stringify(id)} occurs twice`),
    ...bare.map((id) => `rule ${JSON.stringify(id)} has no reason or no source`),
    ...(isObject(capabilities.optionsSchema) ? [] : ["capabilities.optionsSchema must be a JSON Schema"]),
  ];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
