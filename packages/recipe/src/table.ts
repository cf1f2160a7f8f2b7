import { printable } from "@vlm-export/ir";

/** Rows as aligned columns, two spaces apart, the first row underlined. */
export function printTable(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => [...(row[i] ?? "")].length)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, i) => cell + " ".repeat(Math.max((widths[i] ?? 0) - [...cell].length, 0))).join("  ")}`.trimEnd();
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "─".repeat(width))), ...body.map(line)].join("\n");
}
