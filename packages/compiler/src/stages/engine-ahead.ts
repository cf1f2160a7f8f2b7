import { createEngine, type Engine } from "@vlm-export/engine";

/** An engine whose thread starts before it is needed, while this one still works on the model. */
export interface EngineAhead {
  /** Starts one. */
  start(): void;
  /** The one that was started, or a new one, which the caller closes. Throws as `createEngine` does. */
  take(): Promise<Engine>;
  /** Closes one that nobody took. */
  close(): Promise<void>;
}

export function engineAhead(): EngineAhead {
  let started: Promise<Engine> | undefined;
  return {
    start() {
      started ??= createEngine();
      started.catch(() => undefined); // for whoever takes it
    },
    take() {
      const engine = started ?? createEngine();
      started = undefined;
      return engine;
    },
    async close() {
      const engine = await started?.catch(() => undefined);
      engine?.close();
    },
  };
}
