import type { EventSink, RunEvent } from "@vlm-export/compiler";
import { Listr, ListrLogger, type ListrTask, type ListrTaskWrapper, ProcessOutput } from "listr2";
import type { DefaultRenderer, SimpleRenderer } from "listr2";

/** Shows a run on stderr while it goes on. */
export interface Progress {
  readonly sink: EventSink;
  /** Settles the display; call once, whether the run succeeded or not. */
  finish(error?: unknown): Promise<void>;
}

const SHARED_STAGES = ["import", "normalize", "plan", "calibrate", "quantize"] as const;

/** live: a task list with ETA and memory (terminals); lines: one line per finished stage; none. */
export function createProgress(mode: "live" | "lines" | "none", targets: readonly string[]): Progress {
  if (mode === "none") return { sink: () => undefined, finish: () => Promise.resolve() };
  return mode === "lines" ? lineProgress() : liveProgress(targets);
}

function lineProgress(): Progress {
  const print = (text: string): void => void process.stderr.write(`${text}\n`);
  return {
    sink(event) {
      if (event.kind === "stage-end") print(`${labelOf(event)}: ${(event.elapsedMs / 1000).toFixed(2)} s, ${memoryText()}`);
      if (event.kind === "note") print(event.text);
    },
    finish: () => Promise.resolve(),
  };
}

type Wrapper = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

interface Step {
  readonly done: Promise<void>;
  end(error?: Error): void;
  wrapper?: Wrapper;
  startedMs?: number;
}

function liveProgress(targets: readonly string[]): Progress {
  const steps = new Map([...SHARED_STAGES, ...targets, "report"].map((key) => [key, newStep()]));
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const list = new Listr(
    [...steps].map(([key, step]) => listrTask(key, step)),
    {
      renderer: "default",
      exitOnError: false,
      rendererOptions: {
        logger: logger as never,
        collapseErrors: false,
        timer: { condition: true, field: (ms: number) => `${(ms / 1000).toFixed(1)} s` } as never,
      },
    },
  );
  const running = list.run().catch(() => undefined);
  return {
    sink(event) {
      if (event.kind === "note") return;
      const step = steps.get(event.target ?? event.stage);
      if (step) advance(step, event);
      endEarlier(steps, event);
    },
    async finish(error) {
      for (const step of steps.values()) step.end(error instanceof Error ? new Error("not reached") : undefined);
      await running;
    },
  };
}

function newStep(): Step {
  let resolve: () => void = () => undefined;
  const done = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { done, end: () => resolve() };
}

function listrTask(key: string, step: Step): ListrTask {
  return {
    title: key,
    task: (_context, wrapper) => {
      step.wrapper = wrapper as Wrapper;
      return step.done;
    },
  };
}

function advance(step: Step, event: Exclude<RunEvent, { readonly kind: "note" }>): void {
  step.startedMs ??= performance.now();
  if (event.kind === "stage-end" && event.target === undefined) step.end();
  if (!step.wrapper) return;
  if (event.kind === "stage-progress") step.wrapper.output = progressText(event, performance.now() - step.startedMs);
  else if (event.kind === "stage-start") step.wrapper.output = `${event.stage} · ${memoryText()}`;
}

/** Stages of the shared part run in order: when a later one starts, those that never ran are over. */
function endEarlier(steps: ReadonlyMap<string, Step>, event: Exclude<RunEvent, { readonly kind: "note" }>): void {
  const current = event.target ?? event.stage;
  for (const [key, step] of steps) {
    if (key === current) return;
    step.end();
  }
}

function progressText({ done, total, unit }: Extract<RunEvent, { readonly kind: "stage-progress" }>, elapsedMs: number): string {
  const remaining = done > 0 ? (elapsedMs / done) * (total - done) : Number.NaN;
  const eta = Number.isFinite(remaining) ? `ETA ${(remaining / 1000).toFixed(1)} s` : "ETA …";
  return `${done} of ${total} ${unit} · ${eta} · ${memoryText()}`;
}

function memoryText(): string {
  return `${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`;
}

function labelOf({ stage, target }: { readonly stage: string; readonly target?: string }): string {
  return target === undefined ? stage : `${target} ${stage}`;
}
