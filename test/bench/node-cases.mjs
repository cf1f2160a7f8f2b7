/**
 * The public ONNX node tests through our import and emit, on onnxruntime-node:
 *
 *     node test/bench/node-cases.mjs [--convert MODULE] [--filter TEXT] [--workers N] [--json]
 *
 * MODULE exports `convert(inPath, outPath)`; the default is test/bench/lib/convert.mjs where it exists. Cases come from
 * test/oracles/onnx-node-cases.py. A regression is a case that ONNX Runtime runs on the source and that ours refuses,
 * breaks or changes. Exit code 3 where there is one.
 */
import { parseArgs } from "node:util";
import { nodeCaseRows, runNodeCases } from "./benches/node-cases.mjs";
import { markdownOf } from "./lib/rows.mjs";
import { root } from "./lib/paths.mjs";

const { values } = parseArgs({
  options: {
    convert: { type: "string" },
    filter: { type: "string" },
    workers: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
  },
});
const cases = await runNodeCases({
  convertModule: values.convert,
  filter: values.filter,
  workers: Number(values.workers),
  log: (line) => process.stderr.write(`${line}\n`),
});
const { rows, perOperator, regressions } = nodeCaseRows(cases);
if (values.json) process.stdout.write(`${JSON.stringify({ rows, perOperator, regressions, cases }, undefined, 1)}\n`);
else
  process.stdout.write(
    `${markdownOf("node-cases", rows, root)}\n${perOperator.map((o) => JSON.stringify(o)).join("\n")}\n${regressions.map((r) => JSON.stringify(r)).join("\n")}\n`,
  );
process.exitCode = regressions.length > 0 ? 3 : 0;
