import { type Diagnostic, type FailureKind, memoryTensor, type TensorData, VxError } from "@vlm-export/ir";
import type { RunResult } from "../engine-session.js";
import type { EnginePort } from "../feeds.js";
import { type FetchedTensor, fetchedTensor } from "../fetched-tensor.js";
import type { LoadRequest } from "../load-request.js";

/** What the thread can be asked for; sessions are numbers there. */
interface Calls {
  /** Loads the engine's package. */
  start(): { readonly version: string };
  load(
    request: LoadRequest,
    observer: { readonly module: string; readonly settings: unknown } | undefined,
  ): { readonly session: number; readonly inputs: readonly EnginePort[]; readonly outputs: readonly EnginePort[] };
  run(session: number, sample: Tensors): PlainResult;
  ask(session: number, question: unknown): unknown;
  release(session: number): void;
}

export type CallName = keyof Calls;
export type Arguments<Name extends CallName> = Parameters<Calls[Name]>;
export type Answer<Name extends CallName> = ReturnType<Calls[Name]>;

/** One question to the thread. */
export type Question = {
  readonly [Name in CallName]: { readonly id: number; readonly call: Name; readonly args: Arguments<Name> };
}[CallName];

/** Its answer. Errors of ours travel as data, because a thrown one would lose its diagnostics. */
export type Reply = { readonly id: number } & ({ readonly answer: unknown } | { readonly failure: Failure });

interface Failure {
  readonly diagnostics?: readonly Diagnostic[];
  readonly kind?: FailureKind;
  /** Of errors that are not ours. */
  readonly stack?: string;
}

interface PlainTensor extends Pick<TensorData, "dtype" | "shape"> {
  readonly buffer: ArrayBuffer;
}

type Tensors = ReadonlyMap<string, PlainTensor>;

/** A RunResult without methods. */
export interface PlainResult extends Pick<RunResult, "ranges" | "observed"> {
  readonly outputs: Tensors;
  readonly tensors: Tensors;
}

/** A copy of the sample that holds nothing else. */
export function plainSample(sample: ReadonlyMap<string, TensorData>): Tensors {
  return new Map(
    [...sample].map(([name, data]) => [name, { dtype: data.dtype, shape: data.shape, buffer: new Uint8Array(data.bytes()).buffer }]),
  );
}

export function sampleOf(plain: Tensors): ReadonlyMap<string, TensorData> {
  return new Map([...plain].map(([name, { dtype, shape, buffer }]) => [name, memoryTensor(dtype, shape, new Uint8Array(buffer))]));
}

/** The result without methods, and the memory that goes with it. */
export function plainResult(result: RunResult): { readonly answer: PlainResult; readonly transfer: readonly ArrayBuffer[] } {
  const plain = (tensors: RunResult["tensors"]): Tensors =>
    new Map([...tensors].map(([name, { dtype, shape, buffer }]) => [name, { dtype, shape, buffer }]));
  const buffers = [...result.outputs.values(), ...result.tensors.values()].map(({ buffer }) => buffer);
  return { answer: { ...result, outputs: plain(result.outputs), tensors: plain(result.tensors) }, transfer: [...new Set(buffers)] };
}

export function resultOf(plain: PlainResult): RunResult {
  const fetched = (tensors: Tensors): ReadonlyMap<string, FetchedTensor> =>
    new Map([...tensors].map(([name, { dtype, shape, buffer }]) => [name, fetchedTensor(dtype, shape, buffer)]));
  return { ...plain, outputs: fetched(plain.outputs), tensors: fetched(plain.tensors) };
}

export function failureOf(error: unknown): Failure {
  if (error instanceof VxError) return { diagnostics: error.diagnostics, kind: error.kind };
  return { stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function errorOf({ diagnostics, kind, stack = "" }: Failure): Error {
  return diagnostics ? new VxError(diagnostics, kind && { kind }) : new Error(`on the engine's thread: ${stack}`);
}
