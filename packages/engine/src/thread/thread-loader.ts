import type { TensorData } from "@vlm-export/ir";
import type { EngineSession, RunResult } from "../engine-session.js";
import { engineClosed } from "../errors.js";
import type { EnginePort } from "../feeds.js";
import type { Loader } from "../load-request.js";
import { EngineThread } from "./engine-thread.js";
import type { WeightPlace } from "../weight-place.js";
import { type Answer, plainSample, resultOf } from "./messages.js";

/** Loads models on a thread of their own: the caller's stays free, and what the engine fetches burdens no other heap. */
export async function createThreadLoader(module: URL): Promise<Loader> {
  const thread = new EngineThread(module);
  const { version } = await thread.ask("start", []).catch((error: unknown) => {
    thread.end();
    throw error;
  });
  return {
    version,
    async load(request, observer) {
      const there = observer && { module: observer.module.href, settings: observer.settings };
      return new ThreadSession(thread, { ...(await thread.ask("load", [request, there])), weights: request.weights });
    },
    close: () => thread.end(),
  };
}

class ThreadSession implements EngineSession {
  readonly inputs: readonly EnginePort[];
  readonly outputs: readonly EnginePort[];
  readonly weights: WeightPlace;
  readonly #thread: EngineThread;
  readonly #session: number;
  #closed = false;

  constructor(thread: EngineThread, { session, inputs, outputs, weights }: Answer<"load"> & { readonly weights: WeightPlace }) {
    this.#thread = thread;
    this.#session = session;
    this.inputs = inputs;
    this.outputs = outputs;
    this.weights = weights;
  }

  async run(sample: ReadonlyMap<string, TensorData>): Promise<RunResult> {
    if (this.#closed) throw engineClosed();
    const plain = plainSample(sample);
    return resultOf(
      await this.#thread.ask(
        "run",
        [this.#session, plain],
        [...plain.values()].map(({ buffer }) => buffer),
      ),
    );
  }

  ask(question: unknown): Promise<unknown> {
    return this.#thread.ask("ask", [this.#session, question]);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#thread.ask("release", [this.#session]);
  }
}
