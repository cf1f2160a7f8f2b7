import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { type Finished, temporaryFolder, vlmExportMany } from "./run-cli.js";
import { expectOutcome } from "./outcome.js";
import { onnxBytes, twoLayers } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Words of the user and what the command must say of them. */
interface Case {
  readonly name: string;
  /** Text of the recipe; undefined = none is given. */
  readonly recipe?: string;
  readonly args?: readonly string[];
  readonly expected: string | 0;
  readonly says: readonly string[];
}

const wrong = (name: string, recipe: string, expected: Case["expected"], ...says: readonly string[]): Case => ({
  name,
  recipe,
  expected,
  says,
});
const words = (name: string, args: readonly string[], expected: Case["expected"], ...says: readonly string[]): Case => ({
  name,
  args,
  expected,
  says,
});

const BOMB = [
  "version: 1",
  "a0: &a0 [x, x]",
  ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array.from({ length: 10 }, () => `*a${i}`).join(", ")}]`),
].join("\n");

const CASES: readonly Case[] = [
  wrong("tabs", "version: 1\nrules:\n\t- match: {}\n", "VX-RECIPE-TAB", "recipe.yaml:3"),
  wrong("a key twice", "version: 1\nonLoss: refuse\nonLoss: fallback\n", "VX-RECIPE-DUPLICATE-KEY", "recipe.yaml:3", '"onLoss"'),
  wrong("an unknown word", "version: 1\ncalibratoin: {}\n", "VX-RECIPE-KEY", "recipe.yaml:2", "calibration"),
  wrong("an unknown value", "version: 1\ncalibration: { method: minmxa }\n", "VX-RECIPE-VALUE", "recipe.yaml:2", "minmax"),
  wrong("a list for a number", "version: 1\ncalibration: { samples: [1] }\n", "VX-RECIPE-VALUE", "recipe.yaml:2"),
  wrong("a text for a list", "version: 1\nrules: all\n", "VX-RECIPE-VALUE", "recipe.yaml:2"),
  wrong("a number beyond all integers", "version: 1\ncalibration: { seed: 9007199254740993 }\n", "VX-RECIPE-INTEGER", "recipe.yaml:2"),
  wrong("an alias bomb", BOMB, "VX-RECIPE-ALIAS"),
  wrong("an alias in itself", "version: 1\nrules: &r [*r]\n", "VX-RECIPE-ALIAS"),
  wrong("a thousand brackets", `version: 1\nrules: ${"[".repeat(1000)}`, "VX-RECIPE-"),
  wrong("a key of all objects", "version: 1\n__proto__: { onLoss: fallback }\n", "VX-RECIPE-KEY", "recipe.yaml:2", "__proto__"),
  wrong("an inner key of all objects", "version: 1\ncalibration: { constructor: 1 }\n", "VX-RECIPE-KEY", "constructor"),
  wrong("nothing", "", "VX-RECIPE-EMPTY"),
  wrong("no YAML", "version: [1\n", "VX-RECIPE-"),
  wrong(
    "a rule without a match in the model",
    "version: 1\nrules: [{ match: { name: nosuch }, keep: float }]\n",
    "VX-RECIPE-NO-MATCH",
    "recipe.yaml:2",
  ),
  wrong("a base that is not there", "version: 1\nextends: [./gone.yaml]\n", "VX-RECIPE-", "gone.yaml", "recipe.yaml:2"),
  words("no such recipe", ["-r", "gone.yaml", "-t", "onnx-qdq"], "VX-RECIPE-FILE", "gone.yaml", "no such file"),
  words("no such preset", ["-r", "preset:int88", "-t", "onnx-qdq"], "VX-RECIPE-", "int88", "int8"),
  words("no target", [], "VX-CLI-USAGE", "target"),
  words("an unknown target", ["-t", "onxn-qdq"], "VX-PLUGIN-UNKNOWN-TARGET", '"onxn-qdq"', "Did you mean onnx-qdq?"),
  words("a target that objects have", ["-t", "constructor"], "VX-PLUGIN-UNKNOWN-TARGET", '"constructor"'),
  words("one target twice", ["-t", "onnx-qdq", "-t", "onnx-qdq"], 0),
  words(
    "one option twice",
    ["-t", "onnx-qdq", "-r", "preset:weights-int8", "-r", "preset:int8"],
    "VX-CLI-USAGE",
    "recipe is given more than once",
  ),
  words("an empty target", ["-t", ""], "VX-CLI-USAGE"),
  words("an unknown option", ["-t", "onnx-qdq", "--ouput", "x"], "VX-CLI-USAGE", "ouput"),
];

let results: ReadonlyMap<string, { readonly run: Finished; readonly made: readonly string[] }>;

beforeAll(async () => {
  const bytes = await onnxBytes(twoLayers());
  const runs = CASES.map(({ name, recipe, args = ["-t", "onnx-qdq"] }, i) => {
    const at = join(folder.path, String(i));
    mkdirSync(join(at, "made"), { recursive: true });
    writeFileSync(join(at, "model.onnx"), bytes);
    if (recipe !== undefined) writeFileSync(join(at, "recipe.yaml"), recipe);
    const given = [join(at, "model.onnx"), ...(recipe === undefined ? [] : ["-r", join(at, "recipe.yaml")]), ...args];
    return { name, at, args: [...given, "-o", join(at, "made/dist"), "--cache", "off", "--quiet"] };
  });
  const finished = vlmExportMany(runs.map(({ args }) => args));
  results = new Map(runs.map(({ name, at }, i) => [name, { run: finished[i]!, made: readdirSync(join(at, "made")) }]));
}, 120_000);

test.each(CASES)("$name: $expected", ({ name, expected, says }) => expectOutcome(results.get(name)!, expected, says));
