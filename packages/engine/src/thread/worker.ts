import { parentPort } from "node:worker_threads";
import type { EngineSession } from "../engine-session.js";
import type { Loader } from "../load-request.js";
import { createLocalLoader } from "../local-loader.js";
import type { ObserverModule } from "../tap-observer.js";
import { type Answer, type Arguments, type CallName, failureOf, plainResult, type Question, sampleOf } from "./messages.js";

/** Entry point of the engine's thread: answers questions one after the other. */
const sessions = new Map<number, EngineSession>();
let loader: Loader | undefined;
let opened = 0;

type Answered<Name extends CallName> = { readonly answer: Answer<Name>; readonly transfer?: readonly ArrayBuffer[] };

const ANSWERS: { readonly [Name in CallName]: (...args: Arguments<Name>) => Promise<Answered<Name>> } = {
  async start() {
    loader = await createLocalLoader();
    return { answer: { version: loader.version } };
  },
  async load(request, observer) {
    const load = async (): Promise<ObserverModule> => (await import(observer?.module ?? "")) as ObserverModule; // its source says so
    const source = observer && { module: new URL(observer.module), load, settings: observer.settings };
    const session = await (loader as Loader).load(request, source);
    opened += 1;
    sessions.set(opened, session);
    return { answer: { session: opened, inputs: session.inputs, outputs: session.outputs } };
  },
  run: async (session, sample) => plainResult(await sessionOf(session).run(sampleOf(sample))),
  ask: async (session, question) => ({ answer: await sessionOf(session).ask(question) }),
  async release(session) {
    await sessionOf(session).close();
    sessions.delete(session);
    return { answer: undefined };
  },
};

function sessionOf(session: number): EngineSession {
  return sessions.get(session) as EngineSession;
}

async function reply({ id, call, args }: Question): Promise<void> {
  try {
    const answers = ANSWERS[call] as (...given: unknown[]) => Promise<Answered<CallName>>;
    const { answer, transfer = [] } = await answers(...args);
    parentPort?.postMessage({ id, answer }, [...transfer]);
  } catch (error) {
    parentPort?.postMessage({ id, failure: failureOf(error) });
  }
}

let last = Promise.resolve();
parentPort?.on("message", (question: Question) => {
  last = last.then(() => reply(question));
});
