import { displayWidth } from "./display-width.js";
import { printable } from "./printable.js";

/** Rows as aligned columns of a terminal, two spaces apart, the header underlined; columns of numbers to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => printable(String(cell))));
  const widths = header.map((_, column) => cells.reduce((most, row) => Math.max(most, displayWidth(row[column] ?? "")), 0));
  const isNumeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"));
  const padded = (cell: string, column: number): string => {
    const blanks = " ".repeat(Math.max((widths[column] ?? 0) - displayWidth(cell), 0));
    return isNumeric[column] ? blanks + cell : cell + blanks;
  };
  const [head = "", ...body] = cells.map((row) => row.map(padded).join("  ").trimEnd());
  return [head, widths.map((width) => "─".repeat(width)).join("  "), ...body].join("\n");
}
