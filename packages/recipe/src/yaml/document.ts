import { type Diagnostic, VxError } from "@vlm-export/ir";
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node as YamlNode,
  type Pair,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import {
  type Place,
  recipeAlias,
  recipeDepth,
  recipeDuplicateKey,
  recipeEmpty,
  recipeInteger,
  recipeSize,
  recipeTab,
  recipeTag,
  recipeYaml,
} from "../errors.js";
import { type Path, Positions } from "./positions.js";
import { deeperFinding, deeperLine, syntaxFinding } from "./syntax-errors.js";
import { boundedTokens, MAX_DEPTH, placeOf } from "./tokens.js";

const MAX_ALIASES = 100;
const MAX_NODES = 20_000;
const MAX_FINDINGS = 200;
/** Spaces that text editors and web pages put in and YAML takes for letters. */
const ODD_INDENT = /^[ -]*[\u00a0\u2007\u202f\u3000]/m;

/** A YAML text as plain data (null-prototype objects, arrays, scalars) with the place of each key and value. */
export interface YamlDocument {
  readonly data: unknown;
  readonly positions: Positions;
}

/**
 * Parses one YAML 1.2 document without tags, directives, duplicate keys or unsafe integers. Throws a VxError that holds all
 * findings, each with line and column; nothing else escapes, whatever the text.
 */
export function parseYaml(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const reader = new DocumentReader(file, lines);
  const documents = compose(text, file, lines);
  const odd = ODD_INDENT.exec(text);
  if (odd) reader.findings.push(recipeTab(reader.place(odd.index + odd[0].length - 1), "no-break space"));
  reader.findings.push(...syntaxFindings(documents, text, reader));
  reader.findings.push(...shapeFindings(documents, reader));
  const data = reader.findings.length === 0 ? reader.plain(documents[0]?.contents as YamlNode, [], 0) : undefined;
  if (reader.findings.length > 0) throw new VxError(reader.findings.slice(0, MAX_FINDINGS));
  return { data, positions: reader.positions };
}

/** The parser's errors, the first of each line: what follows on it is mostly its echo. */
function syntaxFindings(documents: readonly Document[], text: string, reader: DocumentReader): readonly Diagnostic[] {
  const byLine = new Map<number | undefined, Diagnostic>();
  const errors = documents.flatMap((document) => document.errors).sort((a, b) => a.pos[0] - b.pos[0]);
  const deeper = new Map(errors.map((error) => [error.pos[0], deeperLine(error, text)]));
  for (const error of errors) {
    const place = reader.place(error.pos[0]);
    if (byLine.has(place.line)) continue;
    const offset = deeper.get(error.pos[0]);
    const at = offset === undefined ? place : reader.place(offset);
    byLine.set(at.line, offset === undefined ? findingOf(error, text, place) : deeperFinding(at));
  }
  return [...byLine.values()];
}

/** A recipe is exactly one document without directives. */
function shapeFindings([document, second]: readonly Document[], reader: DocumentReader): readonly Diagnostic[] {
  const findings: Diagnostic[] = [];
  const { file } = reader.positions;
  if (second)
    findings.push(
      recipeYaml(
        reader.place(second.range?.[0]),
        "a second document begins; a recipe is one document.",
        "Remove the line `---` or `...`, or move what follows to a file of its own.",
      ),
    );
  if (document?.directives?.yaml.explicit) findings.push(recipeTag({ file, line: 1, column: 1 }, "a %YAML directive"));
  const contents = document?.contents;
  const isEmpty = !contents || (isScalar(contents) && contents.value === null);
  return isEmpty && findings.length === 0 && reader.findings.length === 0 ? [recipeEmpty({ file })] : findings;
}

function compose(text: string, file: string, lines: LineCounter): readonly Document[] {
  const composer = new Composer({ version: "1.2", merge: false, intAsBigInt: true, stringKeys: true, uniqueKeys: true });
  try {
    return [...composer.compose(boundedTokens(text, file, lines), true, text.length)];
  } catch (cause) {
    if (cause instanceof VxError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VxError(recipeYaml({ file }, `${reason}.`, "Halve the file until the line that causes it is found."), { cause });
  }
}

function findingOf(error: YAMLError, text: string, place: Place): Diagnostic {
  if (error.code === "TAB_AS_INDENT") return recipeTab(place, "tab");
  if (error.code === "DUPLICATE_KEY") return recipeDuplicateKey(place, wordAt(text, error.pos[0]));
  if (error.code === "RESOURCE_EXHAUSTION") return recipeDepth(place, MAX_DEPTH);
  if (error.code === "TAG_RESOLVE_FAILED") return recipeTag(place, "a tag");
  return syntaxFinding(error, place);
}

function wordAt(text: string, offset: number): string {
  return (
    /^[^:\n]{0,80}/
      .exec(text.slice(offset, offset + 80))?.[0]
      .trim()
      .replaceAll(/^["']|["']$/g, "") ?? ""
  );
}

/** Most often a pattern such as `*.attn` that lacks its quotes. */
function unknownAlias(place: Place, source: string): Diagnostic {
  const message = `alias *${source} has no anchor before it.`;
  return recipeAlias(place, message, `A pattern that begins with * needs quotes: "*${source}". Else write the value out.`);
}

/** Walks a composed document, filling {@link Positions} and collecting findings. */
class DocumentReader {
  readonly findings: Diagnostic[] = [];
  readonly positions: Positions;
  private readonly lines: LineCounter;
  private readonly anchors = new Map<string, YamlNode>();
  private readonly open = new Set<YamlNode>();
  private aliases = 0;
  private nodes = 0;

  constructor(file: string, lines: LineCounter) {
    this.positions = new Positions(file);
    this.lines = lines;
  }

  place(offset: number | undefined): Place {
    return placeOf(this.lines, offset ?? 0, this.positions.file);
  }

  plain(node: YamlNode, path: Path, depth: number): unknown {
    this.nodes += 1;
    const place = this.place(node.range?.[0]);
    if (this.nodes > MAX_NODES)
      return this.failOnce(this.nodes === MAX_NODES + 1, recipeSize(place, `the recipe has more than ${MAX_NODES} values.`));
    if (depth > MAX_DEPTH) return this.fail(recipeDepth(place, MAX_DEPTH));
    if (isAlias(node)) return this.alias(node.source, place, path, depth);
    this.positions.set(path, place);
    const { tag, anchor } = node as { tag?: string; anchor?: string };
    if (tag !== undefined) return this.fail(recipeTag(place, `the tag ${tag.replace("tag:yaml.org,2002:", "!!")}`));
    if (anchor !== undefined) this.anchors.set(anchor, node);
    if (isScalar(node)) return this.scalar(node, place);
    this.open.add(node);
    const data = isSeq(node) ? this.list(node, path, depth) : isMap(node) ? this.mapping(node, path, depth) : undefined;
    this.open.delete(node);
    return data;
  }

  private alias(source: string, place: Place, path: Path, depth: number): unknown {
    const target = this.anchors.get(source);
    this.aliases += 1;
    if (this.aliases > MAX_ALIASES)
      return this.failOnce(this.aliases === MAX_ALIASES + 1, recipeAlias(place, `the recipe uses more than ${MAX_ALIASES} aliases.`));
    if (!target) return this.fail(unknownAlias(place, source));
    if (this.open.has(target)) return this.fail(recipeAlias(place, `alias *${source} stands inside its own anchor.`));
    return this.plain(target, path, depth);
  }

  private scalar(node: Scalar, place: Place): unknown {
    const { value } = node;
    if (typeof value !== "bigint") return value;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : this.fail(recipeInteger(place, String(value).slice(0, 40)));
  }

  private list(node: YAMLSeq, path: Path, depth: number): unknown[] {
    return node.items.map((item, i) => this.plain(item as YamlNode, [...path, i], depth + 1));
  }

  private mapping(node: YAMLMap, path: Path, depth: number): object {
    const data = Object.create(null) as Record<string, unknown>;
    for (const pair of node.items as readonly Pair<YamlNode, YamlNode | null>[]) {
      const key = isScalar(pair.key) ? String(pair.key.value) : "";
      const keyPlace = this.place(pair.key.range?.[0]);
      const inner = [...path, key];
      data[key] = pair.value === null ? null : this.plain(pair.value, inner, depth + 1);
      this.positions.set(inner, pair.value ? this.positions.of(inner) : keyPlace, keyPlace);
    }
    return data;
  }

  /** A limit is passed once; all that follows is beyond it. */
  private failOnce(isFirst: boolean, diagnostic: Diagnostic): undefined {
    return isFirst ? this.fail(diagnostic) : undefined;
  }

  private fail(diagnostic: Diagnostic): undefined {
    if (this.findings.length < MAX_FINDINGS) this.findings.push(diagnostic);
    return undefined;
  }
}
