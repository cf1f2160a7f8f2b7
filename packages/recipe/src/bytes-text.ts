const UNITS: readonly string[] = ["B", "kB", "MB", "GB", "TB"];

/** `1.2 MB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const scaled = bytes / 1000 ** power;
  return `${power === 0 ? scaled : scaled.toFixed(scaled < 10 ? 2 : 1)} ${UNITS[power]}`;
}
