const UNITS: readonly string[] = ["B", "kB", "MB", "GB", "TB"];

/** A size for people, in powers of 1000: `1.23 MB`, `45.6 kB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const scaled = bytes / 1000 ** power;
  return `${power === 0 ? scaled : scaled.toFixed(scaled < 10 ? 2 : 1)} ${UNITS[power]}`;
}
