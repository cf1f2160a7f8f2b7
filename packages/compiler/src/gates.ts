import type { GateSettings, Recipe } from "@vlm-export/recipe";
import type { GateResult } from "@vlm-export/schemas";
import type { CompileRequest } from "./compile.js";
import type { TargetOutcome } from "./stages/prove-target.js";

const WORST_LAYERS = 5;

/** What gates are judged by, besides the outcomes. */
export interface GateRules {
  readonly recipe: Pick<Recipe, "gates" | "eval" | "origins">;
  readonly verify: CompileRequest["verify"];
}

type Measured = Pick<TargetOutcome, "status" | "engine" | "accuracy">;

/**
 * Judges every target that is fine so far by the recipe's gates. What could not be measured is `not-run` and has a reason, never passed.
 */
export function judgeGates(outcomes: ReadonlyMap<string, Measured>, rules: GateRules): readonly GateResult[] {
  const { minCosine, maxDegradation } = rules.recipe.gates;
  return [...outcomes]
    .filter(([, { status }]) => status === "ok")
    .flatMap(([target, measured]) => [
      ...(minCosine === undefined ? [] : [cosineGate(measured, { gate: "minCosine", target, limit: minCosine, rules })]),
      degradationGate(measured, { gate: "maxDegradation", target, limit: maxDegradation, rules }),
    ]);
}

interface Gate {
  readonly gate: keyof GateSettings;
  readonly target: string;
  readonly limit: number;
  readonly rules: GateRules;
}

function cosineGate({ engine }: Measured, asked: Gate): GateResult {
  const value = engine?.cosine;
  if (value === undefined) return result(asked, { status: "not-run", reason: whyNotRun(engine, asked.rules) });
  const onRandom = engine?.data === "random" && { reason: "measured on random data" };
  return result(asked, { ...verdict(value >= asked.limit, engine), value, ...onRandom });
}

/** Relative loss of task accuracy: (float − quantized) / float. */
function degradationGate({ accuracy, engine }: Measured, asked: Gate): GateResult {
  const { recipe } = asked.rules;
  if (!recipe.eval) return result(asked, { status: "not-run", reason: "the recipe names no eval.data" });
  if (!accuracy) return result(asked, { status: "not-run", reason: whyNotRun(engine, asked.rules) });
  if (accuracy.float === 0) {
    const isStated = placeOf(asked) !== undefined;
    return result(asked, {
      status: isStated ? "failed" : "not-run",
      reason: "the float model is right on none of the samples; check the labels",
    });
  }
  const value = (accuracy.float - accuracy.quantized) / accuracy.float;
  return result(asked, { ...verdict(value <= asked.limit, engine), value });
}

function whyNotRun(engine: Measured["engine"], { verify }: GateRules): string {
  return engine?.reason ?? (verify === "run" ? "the artifact was not run" : `the artifact was not run (--verify ${verify})`);
}

function verdict(passed: boolean, engine: Measured["engine"]): Pick<GateResult, "status" | "worstLayers"> {
  const worst = engine?.layers?.slice(0, WORST_LAYERS).map((layer) => layer.node ?? layer.value) ?? [];
  return { status: passed ? "passed" : "failed", ...(passed || worst.length === 0 ? {} : { worstLayers: worst }) };
}

function result(asked: Gate, found: Omit<GateResult, "gate" | "target" | "limit" | "line">): GateResult {
  const { gate, target, limit } = asked;
  const line = placeOf(asked)?.line;
  return { gate, target, limit, ...found, ...(line !== undefined && { line }) };
}

/** Where the recipe states the gate; undefined for a default. */
function placeOf({ gate, rules }: Gate): { readonly line?: number } | undefined {
  const origin = rules.recipe.origins.get(`gates.${gate}`);
  return origin === "default" ? undefined : origin;
}
