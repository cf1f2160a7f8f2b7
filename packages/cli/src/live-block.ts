/** The terminal that a block of lines is drawn on. */
export interface Terminal {
  write(text: string): unknown;
  hasColors(): boolean;
  readonly columns: number;
  readonly rows: number;
}

/** A line: a mark of one column, which may have escape sequences for its colour, then plain text. */
export interface LiveLine {
  readonly mark: string;
  readonly text: string;
}

/**
 * Lines above the cursor that are drawn over. The cursor is never hidden and stays behind them, so that whatever ends the process
 * leaves the terminal as it was.
 */
export interface LiveBlock {
  /** Draws the lines in the place of the last ones, each cut to the terminal's width; around line `focus` when not all fit its height. */
  draw(lines: readonly LiveLine[], focus: number): void;
  /** Takes the lines away. */
  clear(): void;
}

export function liveBlock(terminal: Terminal): LiveBlock {
  let height = 0;
  const replace = (lines: readonly string[]): void => {
    const home = height > 0 ? `\u001b[${height}A\r` : "\r";
    terminal.write(`${home}${lines.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`);
    height = lines.length;
  };
  return {
    draw(lines, focus) {
      const room = Math.max(1, terminal.rows - 1);
      const first = Math.max(0, Math.min(focus, lines.length - room));
      const shown = lines.slice(first, first + room);
      replace(shown.map(({ mark, text }) => `${mark} ${cut(text, terminal.columns - 3)}`));
    },
    clear() {
      if (height > 0) replace([]);
    },
  };
}

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length > width ? `${characters.slice(0, Math.max(0, width - 1)).join("")}…` : text;
}
