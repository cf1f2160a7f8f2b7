import { VxError } from "@vlm-export/ir";
import { CST, Lexer, type LineCounter, Parser } from "yaml";
import { type Place, recipeDepth, recipeSize } from "../errors.js";
import { openQuoteFinding } from "./syntax-errors.js";

/** Deepest nesting. */
export const MAX_DEPTH = 32;
/** Most lexical tokens; a long recipe has about 2,000. Bounds the time of the quadratic duplicate-key check. */
const MAX_TOKENS = 20_000;

/**
 * Concrete syntax of a YAML text, bounded before the recursive composer sees it: deep nesting would exhaust its stack, which
 * ends the process. Throws VX-RECIPE-DEPTH and VX-RECIPE-SIZE.
 */
export function boundedTokens(text: string, file: string, lines: LineCounter): readonly CST.Token[] {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  const guard = new NestingGuard();
  let count = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (count > MAX_TOKENS)
      throw new VxError(recipeSize(placeOf(lines, guard.offset, file), `the recipe has more than ${MAX_TOKENS} YAML tokens.`));
    if (guard.isOpenQuote(lexeme)) throw new VxError(openQuoteFinding(placeOf(lines, guard.offset, file)));
    if (!guard.accepts(lexeme)) throw new VxError(recipeDepth(placeOf(lines, guard.offset, file), MAX_DEPTH));
    tokens.push(...parser.next(lexeme));
  }
  tokens.push(...parser.end());
  for (const token of tokens)
    if (depthOf(token) > MAX_DEPTH + 2) throw new VxError(recipeDepth(placeOf(lines, token.offset, file), MAX_DEPTH));
  return tokens;
}

/** Line and column of a text offset. */
export function placeOf(lines: LineCounter, offset: number, file: string): Place {
  const { line, col } = lines.linePos(offset);
  return line > 0 ? { file, line, column: Math.max(col, 1) } : { file, line: 1, column: 1 };
}

/** Lexemes that mark a state and stand for no text. */
const MARKS: ReadonlySet<string | null> = new Set(["doc-mode", "flow-error-end", "scalar"]);

/** Stops at deep flow nesting and at long rows of `- ` or `? ` on one line while the text is still being read. */
class NestingGuard {
  /** Offset behind the lexemes accepted so far. */
  offset = 0;
  private flow = 0;
  private indicators = 0;
  private atScalar = false;

  /** A quoted scalar that the end of the text cuts. */
  isOpenQuote(lexeme: string): boolean {
    const quote = lexeme[0];
    return !this.atScalar && (quote === '"' || quote === "'") && (lexeme.length === 1 || !lexeme.endsWith(quote));
  }

  accepts(lexeme: string): boolean {
    const type = this.atScalar ? null : CST.tokenType(lexeme);
    this.atScalar = type === "scalar";
    if (MARKS.has(type)) return true;
    if (type === "newline") this.indicators = 0;
    else if (type === "seq-item-ind" || type === "explicit-key-ind") this.indicators += 1;
    else if (type === "flow-seq-start" || type === "flow-map-start") this.flow += 1;
    else if (type === "flow-seq-end" || type === "flow-map-end") this.flow -= 1;
    const accepted = this.flow <= MAX_DEPTH && this.indicators <= MAX_DEPTH;
    if (accepted) this.offset += lexeme.length;
    return accepted;
  }
}

/** Levels of collections in a token tree; iterative, because the tree may be deeper than the stack. */
function depthOf(root: CST.Token): number {
  let deepest = 0;
  const open: [token: object, depth: number][] = [[root, 0]];
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const [token, depth] = entry;
    deepest = Math.max(deepest, depth);
    const { items, value } = token as { items?: readonly { key?: object | null; value?: object | null }[]; value?: unknown };
    const parts = (items ?? []).flatMap((item) => [item.key, item.value]);
    for (const part of parts) if (part) open.push([part, depth + 1]);
    if (typeof value === "object" && value !== null) open.push([value, depth]);
  }
  return deepest;
}
