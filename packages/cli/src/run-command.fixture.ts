import { main } from "./main.js";

/** What a command printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
export async function ran(...argv: readonly string[]): Promise<Ran> {
  const texts = { stdout: "", stderr: "" };
  const restore = (["stdout", "stderr"] as const).map((name) => {
    const stream = process[name];
    const before = stream.write;
    stream.write = (text: string | Uint8Array): boolean => {
      texts[name] += String(text);
      return true;
    };
    return () => {
      stream.write = before;
    };
  });
  try {
    return { code: await main(argv, new AbortController().signal), ...texts };
  } finally {
    for (const undo of restore) undo();
  }
}
