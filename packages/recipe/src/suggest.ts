/** Words that people bring from other tools, and the recipe's word for each. */
const SYNONYMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    bf16: "bfloat16",
    conv2d: "Conv",
    dense: "Gemm",
    embedding: "Gather",
    f16: "float16",
    f32: "float32",
    fp16: "float16",
    fp32: "float",
    float32: "float",
    group: "block",
    groupwise: "block",
    group_size: "blockSize",
    half: "float16",
    histogram: "percentile",
    i2: "int2",
    i4: "int4",
    i8: "int8",
    i16: "int16",
    kl: "entropy",
    linear: "MatMul",
    max: "minmax",
    none: "float",
    num_samples: "samples",
    per_channel: "channel",
    per_tensor: "tensor",
    per_token: "token",
    u4: "uint4",
    u8: "uint8",
    u16: "uint16",
  }),
);

/** Number of single-character insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, replace);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (before[j - 2] as number) + 1);
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] as number;
}

/** The candidate that `word` most likely means, or undefined when none is near. Case and `_`/`-` do not count. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 200) return undefined;
  const all = [...candidates];
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, "");
  const synonym = SYNONYMS.get(word.toLowerCase().replaceAll("-", "_"));
  if (synonym !== undefined && all.includes(synonym)) return synonym;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of all) {
    if (Math.abs(candidate.length - word.length) >= bestDistance + 2) continue;
    const distance = editDistance(plain(word), plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `Did you mean "x"? ` or nothing, for the front of a hint. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? "" : `Did you mean ${JSON.stringify(candidate)}? `;
}
