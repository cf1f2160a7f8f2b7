/**
 * Rows of the published table. A row is {what, ours, peer, ratio?, bar?, met?, note?, command?}; texts are ready to print
 * and `met` is undefined where there is no bar or a side was not run.
 */

export const seconds = (value) => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`;
export const gigabytes = (value) => `${(value / 1e9).toFixed(2)} GB`;

/** Text of one side of a row: its figure, or why there is none. */
export function sideText(result, text) {
  if (!result || result.notRun) return "not run";
  return result.error ? "failed" : text(result);
}

const valid = (result) => result && !result.notRun && !result.error;
const why = (name, result) => (valid(result) || !result ? [] : [`${name}: ${result.notRun ?? result.error}`]);

/** ours / peer of wall time, with a bar on the ratio. Names are keys of `results`, a Map of measureAll. */
export function timeRow(results, { what, ours, peer, bar }) {
  const [a, b] = [results.get(ours), results.get(peer)];
  const text = (r) => `${seconds(r.seconds)} (${seconds(r.cpuSeconds)} of CPU), ${gigabytes(r.peakRssBytes)}`;
  const ratio = valid(a) && valid(b) ? a.seconds / b.seconds : undefined;
  return {
    what,
    ours: sideText(a, text),
    peer: `${peer} ${sideText(b, text)}`,
    ratio: ratio && Number(ratio.toFixed(3)),
    bar: bar && `≤ ${bar}×`,
    met: ratio === undefined || bar === undefined ? undefined : ratio <= bar,
    note: [...why(ours, a), ...why(peer, b)].join("; "),
    command: a?.command ?? b?.command,
  };
}

/** Peak memory of the hungriest of `names`, with a bar in bytes. */
export function memoryRow(results, { what, names, bar }) {
  const ran = names.map((name) => results.get(name)).filter(valid);
  const peak = Math.max(...ran.map((r) => r.peakRssBytes));
  return {
    what,
    ours: ran.length ? gigabytes(peak) : "not run",
    peer: "",
    bar: `≤ ${gigabytes(bar)}`,
    met: ran.length ? peak <= bar : undefined,
  };
}

function cell(value) {
  return String(value ?? "")
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ");
}

/** A Markdown table of rows; paths inside the project are made relative to it. */
export function markdownOf(title, rows, root) {
  const mark = (met) => (met === undefined ? "" : met ? "yes" : "no");
  const lines = rows.map((r) =>
    `| ${[r.what, r.ours, r.peer, r.ratio, r.bar, mark(r.met), r.note].map(cell).join(" | ")} |`.replaceAll(`${root}/`, ""),
  );
  return [
    `### ${title}`,
    "",
    "| what | ours | peer | ratio | bar | met | note |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}
