import type { Stage } from "@vlm-export/ir";

/** Progress of a run, for whoever shows it. */
export type RunEvent =
  | { readonly kind: "stage-start"; readonly stage: Stage; readonly target?: string }
  | {
      readonly kind: "stage-progress";
      readonly stage: Stage;
      readonly target?: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    }
  | { readonly kind: "stage-end"; readonly stage: Stage; readonly target?: string; readonly elapsedMs: number };

export type EventSink = (event: RunEvent) => void;

/** Runs stages and adds up their times. */
export interface StageClock {
  run<T>(stage: Stage, action: () => Promise<T> | T, target?: string): Promise<T>;
  /** Wall seconds per stage, summed over targets. */
  timings(): Readonly<Record<string, number>>;
}

/** Runs stages, tells the sink, if there is one, when they begin and end, and remembers how long they took. */
export function stageClock(emit: EventSink = () => undefined): StageClock {
  const elapsed = new Map<string, number>();
  return {
    async run(stage, action, target) {
      const at = target === undefined ? {} : { target };
      const start = performance.now();
      emit({ kind: "stage-start", stage, ...at });
      try {
        return await action();
      } finally {
        const elapsedMs = performance.now() - start;
        elapsed.set(stage, (elapsed.get(stage) ?? 0) + elapsedMs);
        emit({ kind: "stage-end", stage, elapsedMs, ...at });
      }
    },
    timings: () => Object.fromEntries([...elapsed].map(([stage, ms]) => [stage, Math.round(ms) / 1000])),
  };
}
