import type { RunEvent } from "@vlm-export/compiler";

/** One line of the display: a stage that all targets share, or a target. */
export interface ProgressRow {
  readonly name: string;
  readonly state: "waiting" | "running" | "done" | "failed";
  readonly detail: string;
}

/** What is known of a run, from its events. Times are milliseconds of one clock. */
export interface ProgressRows {
  accept(event: RunEvent, nowMs: number): void;
  /** No event follows. Rows that never began vanish; when the run failed, the row of the last event failed. */
  end(failed: boolean): void;
  rows(nowMs: number, memoryBytes: number): readonly ProgressRow[];
}

interface Step {
  state: ProgressRow["state"];
  /** Stages of this row that are over. */
  elapsedMs: number;
  stage: string;
  startedMs: number | undefined;
  progress: Extract<RunEvent, { readonly kind: "stage-progress" }> | undefined;
}

/** Rows in this order: stages that all targets share, and targets. */
export function progressRows(names: readonly string[]): ProgressRows {
  const steps = new Map(names.map((name): [string, Step] => [name, newStep()]));
  let current: Step | undefined;
  return {
    accept(event, nowMs) {
      const step = steps.get(event.target ?? event.stage);
      if (!step) return;
      if (current && current !== step) current.state = "done";
      current = step;
      advance(step, event, nowMs);
    },
    end(failed) {
      if (current) current.state = failed ? "failed" : "done";
      for (const [name, { state }] of steps) if (state === "waiting") steps.delete(name);
    },
    rows: (nowMs, memoryBytes) =>
      [...steps].map(([name, step]) => ({ name, state: step.state, detail: detailOf(name, step, { nowMs, memoryBytes }) })),
  };
}

function newStep(): Step {
  return { state: "waiting", elapsedMs: 0, stage: "", startedMs: undefined, progress: undefined };
}

function advance(step: Step, event: RunEvent, nowMs: number): void {
  step.stage = event.stage;
  step.progress = event.kind === "stage-progress" ? event : undefined;
  if (event.kind === "stage-start") step.startedMs = nowMs;
  if (event.kind === "stage-end") {
    step.elapsedMs += event.elapsedMs;
    step.startedMs = undefined;
  }
  step.state = event.kind === "stage-end" && event.target === undefined ? "done" : "running";
}

function detailOf(
  name: string,
  { state, elapsedMs, stage, startedMs, progress }: Step,
  { nowMs, memoryBytes }: { readonly nowMs: number; readonly memoryBytes: number },
): string {
  if (state === "waiting") return "";
  const stageMs = startedMs === undefined ? 0 : nowMs - startedMs;
  const elapsed = seconds(elapsedMs + stageMs);
  if (state !== "running") return elapsed;
  const parts = [
    stage === name ? "" : stage,
    progress ? progressText(progress, stageMs) : "",
    elapsed,
    `${Math.round(memoryBytes / 1e6)} MB`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function progressText({ done, total, unit }: Extract<RunEvent, { readonly kind: "stage-progress" }>, stageMs: number): string {
  const eta = done > 0 ? seconds((stageMs / done) * (total - done)) : "…";
  return `${done} of ${total} ${unit} · ETA ${eta}`;
}

/** Seconds with one digit; minutes and seconds from one minute on. */
function seconds(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
