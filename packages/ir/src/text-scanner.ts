import { importIrText } from "./errors.js";

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|-?(?:Infinity|NaN|\d+(?:\.\d+)?(?:e[+-]?\d+)?)n?|[A-Za-z_][A-Za-z0-9_.]*|[%{}()[\],:=?]/gy;

/** Cuts the text form of the IR into words, numbers, JSON strings and punctuation, and says where it stands. */
export class TextScanner {
  private readonly tokens: readonly { readonly text: string; readonly line: number }[];
  private at = 0;

  /** Throws VX-IMPORT-IR-TEXT at a character that begins no token. */
  constructor(text: string) {
    const tokens: { text: string; line: number }[] = [];
    let line = 1;
    const pattern = new RegExp(TOKEN);
    for (let end = 0; end < text.length; ) {
      pattern.lastIndex = end;
      const [token] = pattern.exec(text) ?? [];
      if (token === undefined) throw importIrText(line, `unexpected character ${JSON.stringify(text[end])}.`);
      if (!/^\s/.test(token)) tokens.push({ text: token, line });
      line += token.split("\n").length - 1;
      end += token.length;
    }
    this.tokens = tokens;
  }

  get peek(): string {
    return this.tokens[this.at]?.text ?? "";
  }

  next(): string {
    const token = this.peek;
    this.at += 1;
    return token;
  }

  /** Takes the token when it is `text`. */
  accept(text: string): boolean {
    if (this.peek !== text) return false;
    this.at += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw this.error(`expected ${text}`);
  }

  /** A bare word or a JSON string. */
  word(): string {
    const token = this.next();
    if (token.startsWith('"')) return this.json(token) as string;
    if (/^[A-Za-z_]/.test(token)) return token;
    this.at -= 1;
    throw this.error("expected a name");
  }

  number(): number {
    const token = this.next();
    const value = token === "NaN" ? Number.NaN : Number(token);
    if (token === "" || (Number.isNaN(value) && token !== "NaN")) {
      this.at -= 1;
      throw this.error("expected a number");
    }
    return value;
  }

  bytes(): Uint8Array {
    const token = this.next();
    if (!token.startsWith('"')) {
      this.at -= 1;
      throw this.error("expected base64 in quotes");
    }
    return new Uint8Array(Buffer.from(token.slice(1, -1), "base64"));
  }

  json(token: string): unknown {
    try {
      return JSON.parse(token) as unknown;
    } catch {
      throw this.error(`not a JSON string: ${token}`);
    }
  }

  /** Comma-separated items up to `close`. */
  list<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.accept(close)) {
      if (items.length > 0) this.expect(",");
      items.push(item());
    }
    return items;
  }

  /** As {@link error}, about the token that was taken last. */
  errorAtLast(message: string): Error {
    this.at -= 1;
    return this.error(message);
  }

  error(message: string): Error {
    const token = this.tokens[this.at];
    const line = token?.line ?? this.tokens.at(-1)?.line ?? 1;
    return importIrText(line, `${message}, found ${token ? JSON.stringify(token.text) : "the end of the text"}.`);
  }
}
