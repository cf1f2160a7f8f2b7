/** `inspect` of a 13.5 GB decoder with external data. */
import { ownInspect } from "../lib/entrants.mjs";
import { measureAll } from "../lib/measure.mjs";
import { pythonOf } from "../lib/paths.mjs";
import { gigabytes, seconds, sideText } from "../lib/rows.mjs";
import { ensureDecoder } from "../models/decoder.mjs";

export const doc = "inspect of a 13.5 GB ONNX with external data (6.7 G parameters, 2,576 nodes)";

const HEADER_ONLY = "import sys, onnx; m = onnx.load(sys.argv[1], load_external_data=False); print(len(m.graph.node))";

export async function run({ repeats, log }) {
  const { model } = ensureDecoder("14gb");
  const python = pythonOf("ort");
  const header = python
    ? { name: "onnx.load", command: python, args: ["-c", HEADER_ONLY, model] }
    : { name: "onnx.load", notRun: "no .venv/bench-ort" };
  const results = await measureAll([ownInspect("ours", model), header], { repeats, log });
  const [ours, peer] = [results.get("ours"), results.get("onnx.load")];
  const peerText = `onnx.load without data ${sideText(peer, (r) => `${seconds(r.seconds)}, ${gigabytes(r.peakRssBytes)}`)}`;
  const ran = ours.seconds !== undefined;
  const rows = [
    {
      what: "time",
      ours: sideText(ours, (r) => seconds(r.seconds)),
      peer: peerText,
      bar: "≤ 1 s",
      met: ran ? ours.seconds <= 1 : undefined,
      note: ours.notRun ?? ours.error,
    },
    {
      what: "peak memory",
      ours: sideText(ours, (r) => gigabytes(r.peakRssBytes)),
      peer: peerText,
      bar: "≤ 0.25 GB",
      met: ran ? ours.peakRssBytes <= 250e6 : undefined,
    },
  ];
  return { rows, details: Object.fromEntries(results) };
}
