import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createProgress } from "./progress.js";
import { screen } from "./screen.fixture.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const STAGES = ["import", "normalize", "plan", "calibrate", "quantize"];
const withoutMemory = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(/\d+ MB/, "M MB"));

test("stages, progress with ETA, and targets are drawn in place", () => {
  const terminal = screen(80, 24);
  const { sink, finish } = createProgress("live", [...STAGES, "onnx-qdq", "report"], terminal);
  sink({ kind: "stage-start", stage: "import" });
  vi.advanceTimersByTime(1500);
  sink({ kind: "stage-end", stage: "import", elapsedMs: 1500 });
  sink({ kind: "stage-start", stage: "calibrate" });
  vi.advanceTimersByTime(10_000);
  sink({ kind: "stage-progress", stage: "calibrate", done: 8, total: 32, unit: "samples" });
  expect(withoutMemory(terminal.lines())).toEqual([
    "✔ import     1.5 s",
    "· normalize",
    "· plan",
    "▸ calibrate  8 of 32 samples · ETA 30.0 s · 10.0 s · M MB",
    "· quantize",
    "· onnx-qdq",
    "· report",
    "",
  ]);
  sink({ kind: "stage-end", stage: "calibrate", elapsedMs: 70_000 });
  sink({ kind: "stage-start", stage: "emit", target: "onnx-qdq" });
  expect(withoutMemory(terminal.lines()).slice(3, 6)).toEqual([
    "✔ calibrate  1 min 10 s",
    "· quantize",
    "▸ onnx-qdq   emit · 0.0 s · M MB",
  ]);
  sink({ kind: "stage-end", stage: "emit", target: "onnx-qdq", elapsedMs: 200 });
  finish(false);
  expect(terminal.lines()).toEqual(["✔ import     1.5 s", "✔ calibrate  1 min 10 s", "✔ onnx-qdq   0.2 s", ""]);
});

test("a failed run marks where it stopped and leaves nothing of the rest", () => {
  const terminal = screen(80, 24);
  const { sink, finish } = createProgress("live", [...STAGES, "tflite", "report"], terminal);
  sink({ kind: "stage-start", stage: "import" });
  sink({ kind: "stage-end", stage: "import", elapsedMs: 0 });
  finish(true);
  finish(false);
  terminal.write("error\n");
  expect(terminal.lines()).toEqual(["✖ import  0.0 s", "error", ""]);
});

test("messages stand above the display", () => {
  const terminal = screen(80, 24);
  const { sink, aside, finish } = createProgress("live", [...STAGES, "report"], terminal);
  sink({ kind: "stage-start", stage: "plan" });
  aside(() => terminal.write("warning\n"));
  finish(false);
  expect(terminal.lines()).toEqual(["warning", "✔ plan  0.0 s", ""]);
});

test("a small terminal shows the running stage, each line on one row", () => {
  const terminal = screen(24, 4);
  const { sink, finish } = createProgress("live", [...STAGES, "report"], terminal);
  sink({ kind: "stage-start", stage: "calibrate" });
  sink({ kind: "stage-progress", stage: "calibrate", done: 1, total: 1000, unit: "samples" });
  vi.advanceTimersByTime(200);
  expect(terminal.lines()).toEqual(["▸ calibrate  1 of 1000…", "· quantize", "· report", ""]);
  finish(false);
});

test("without a terminal there is one line per finished stage", () => {
  const terminal = screen(80, 24);
  const { sink } = createProgress("lines", ["tflite"], terminal);
  sink({ kind: "stage-start", stage: "lower", target: "tflite" });
  sink({ kind: "stage-end", stage: "lower", target: "tflite", elapsedMs: 1234 });
  expect(withoutMemory(terminal.lines())).toEqual(["tflite lower: 1.23 s, M MB", ""]);
});
