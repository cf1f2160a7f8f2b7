/** The candidate that `word` most likely means, in two changed letters or in one of three; undefined when none is that near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(word.length / 3));
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, "");
  return candidates
    .filter((candidate) => Math.abs(candidate.length - word.length) <= limit + 1) // a long word is not compared letter by letter
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** How many letters must be inserted, removed or replaced to make one word of the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (above[j - 1] as number) + Number(a[i - 1] !== b[j - 1]);
      row.push(Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1, replaced));
    }
  }
  return row[b.length] as number;
}
