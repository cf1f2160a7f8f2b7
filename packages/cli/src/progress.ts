import { styleText } from "node:util";
import type { EventSink, RunEvent } from "@vlm-export/compiler";
import { type LiveLine, liveBlock, type Terminal } from "./live-block.js";
import { type ProgressRow, progressRows } from "./progress-rows.js";

/** Shows a run on stderr while it goes on. */
export interface Progress {
  readonly sink: EventSink;
  /** Prints something else on stderr, clear of the display. */
  aside(print: () => void): void;
  /** Settles the display; what it shows stays. Further calls do nothing. */
  finish(failed: boolean): void;
}

/** live: a line per stage and target with ETA and memory (terminals); lines: one line per finished stage; none. */
export type ProgressMode = "live" | "lines" | "none";

/** `rows`: the stages that all targets share, and the targets, in the order in which they run. */
export function createProgress(mode: ProgressMode, rows: readonly string[], terminal: Terminal = process.stderr): Progress {
  const quiet: Progress = { sink: () => undefined, aside: (print) => print(), finish: () => undefined };
  if (mode === "none") return quiet;
  return mode === "lines" ? { ...quiet, sink: (event) => printLine(event, terminal) } : liveProgress(rows, terminal);
}

function printLine(event: RunEvent, terminal: Terminal): void {
  if (event.kind !== "stage-end") return;
  const name = event.target === undefined ? event.stage : `${event.target} ${event.stage}`;
  terminal.write(`${name}: ${(event.elapsedMs / 1000).toFixed(2)} s, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB\n`);
}

/** How often the display is drawn at most, and, while the run lets timers go, at least. */
const SHORTEST_MS = 50;
const LONGEST_MS = 200;

function liveProgress(names: readonly string[], terminal: Terminal): Progress {
  const run = progressRows(names);
  const block = liveBlock(terminal);
  let drawnMs = Number.NEGATIVE_INFINITY;
  let over = false;
  const draw = (): void => {
    drawnMs = performance.now();
    const rows = run.rows(drawnMs, process.memoryUsage.rss());
    block.draw(
      linesOf(rows, terminal.hasColors()),
      rows.findIndex(({ state }) => state === "running"),
    );
  };
  const timer = setInterval(draw, LONGEST_MS).unref();
  const aside = (print: () => void): void => {
    if (over) return print();
    block.clear();
    print();
    draw();
  };
  return {
    sink(event) {
      run.accept(event, performance.now());
      if (event.kind === "stage-start" || performance.now() - drawnMs >= SHORTEST_MS) draw();
    },
    aside,
    finish(failed) {
      if (over) return;
      over = true;
      clearInterval(timer);
      run.end(failed);
      draw();
    },
  };
}

const MARKS = {
  waiting: { mark: "·", colour: "gray" },
  running: { mark: "▸", colour: "cyan" },
  done: { mark: "✔", colour: "green" },
  failed: { mark: "✖", colour: "red" },
} as const;

function linesOf(rows: readonly ProgressRow[], isColoured: boolean): readonly LiveLine[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, state, detail }) => {
    const { mark, colour } = MARKS[state];
    return { mark: isColoured ? styleText(colour, mark) : mark, text: `${name.padEnd(width)}  ${detail}`.trimEnd() };
  });
}
