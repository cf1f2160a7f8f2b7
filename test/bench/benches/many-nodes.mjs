/** Static int8 of chains of thousands of small operators, whole command, against the limit: what grows faster than the graph shows in the ratios. */
import { join } from "node:path";
import { limit, own } from "../lib/entrants.mjs";
import { measureAll } from "../lib/measure.mjs";
import { timeRow } from "../lib/rows.mjs";
import { ensureManyNodes } from "../models/many-nodes.mjs";

export const doc = "Static INT8 of all operators of chains of 1,000 to 8,000 small ones (generated), 4 samples, whole command";

const SIZES = [1000, 4000, 8000];
const FORMS = ["weighted", "plain"];
const CHAINS = FORMS.flatMap((form) => SIZES.map((nodes) => ({ form, nodes, name: `${form} ${nodes}` })));

function entrantsOf({ form, nodes, name }) {
  const { dir, model, samples } = ensureManyNodes({ form, nodes });
  return [
    limit(`limit ${name}`, { model, samples }),
    own(`ours ${name}`, { model, recipe: "w8a8-full-minmax.yaml", out: join(dir, "ours"), calibration: samples }),
  ];
}

/** How much longer the largest chain takes than the smallest, beyond its share: 1 where time grows as the graph does. */
function growthRow(results, form) {
  const [least, most] = [SIZES[0], SIZES.at(-1)];
  const growth = (who) => results.get(`${who} ${form} ${most}`)?.cpuSeconds / results.get(`${who} ${form} ${least}`)?.cpuSeconds;
  const text = (who) => (Number.isFinite(growth(who)) ? `${growth(who).toFixed(1)}× of CPU` : "not run");
  return { what: `${form}, ${most} nodes to ${least}`, ours: text("ours"), peer: `limit ${text("limit")}` };
}

/** `--only` picks chains, as "plain 8000". */
export async function run({ repeats, log, only }) {
  const chosen = CHAINS.filter(({ name }) => !only || only.includes(name));
  const results = await measureAll(chosen.flatMap(entrantsOf), { repeats, log });
  const rows = chosen.map(({ name }) => timeRow(results, { what: `${name} nodes`, ours: `ours ${name}`, peer: `limit ${name}` }));
  return { rows: [...rows, ...FORMS.map((form) => growthRow(results, form))], details: Object.fromEntries(results) };
}
