import { opEquation } from "./errors.js";

/** Labels of every axis of every operand and of the output; `...` becomes labels `.0`, `.1`, … aligned at the end. */
export interface Einsum {
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** Parses an Einsum equation for operands of the given ranks. Throws VX-OP-EQUATION. */
export function parseEinsum(equation: string, ranks: readonly number[]): Einsum {
  const text = equation.replaceAll(/\s/g, "");
  const [left, right, ...more] = text.split("->");
  const terms = (left ?? "").split(",");
  if (more.length > 0) throw opEquation(equation, "it has more than one '->'");
  if (terms.length !== ranks.length) throw opEquation(equation, `it has ${terms.length} terms for ${ranks.length} operands`);
  for (const term of [...terms, right ?? ""])
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) throw opEquation(equation, `term ${JSON.stringify(term)} is malformed`);
  const spans = terms.map((term, i) => ellipsisRank(equation, term, ranks[i] as number));
  const widest = spans.reduce((a, b) => Math.max(a, b), 0);
  const operands = terms.map((term, i) => labelsOf(term, spans[i] as number, widest));
  const output = right === undefined ? implicitOutput(operands, widest) : labelsOf(right, widest, widest);
  checkOutput(equation, operands, output);
  return { operands, output };
}

function ellipsisRank(equation: string, term: string, rank: number): number {
  const letters = term.replace("...", "").length;
  if (letters > rank || (letters < rank && !term.includes("...")))
    throw opEquation(equation, `term ${JSON.stringify(term)} names ${letters} axes of an operand of rank ${rank}`);
  return rank - letters;
}

function labelsOf(term: string, span: number, widest: number): readonly string[] {
  const [before, after] = term.split("...");
  const ellipsis = after === undefined ? [] : Array.from({ length: span }, (_, i) => `.${widest - span + i}`);
  return [...(before ?? ""), ...ellipsis, ...(after ?? "")];
}

/** Without '->': the broadcast axes, then every letter that occurs once, in alphabetical order. */
function implicitOutput(operands: readonly (readonly string[])[], widest: number): readonly string[] {
  const all = operands.flat();
  const once = [...new Set(all)].filter((label) => !label.startsWith(".") && all.indexOf(label) === all.lastIndexOf(label));
  return [...Array.from({ length: widest }, (_, i) => `.${i}`), ...once.sort()];
}

function checkOutput(equation: string, operands: readonly (readonly string[])[], output: readonly string[]): void {
  const known = new Set(operands.flat());
  const [stray] = output.filter((label) => !known.has(label));
  if (stray !== undefined) throw opEquation(equation, `output label ${stray} occurs in no operand`);
  if (new Set(output).size !== output.length) throw opEquation(equation, "the output names a label twice");
}
