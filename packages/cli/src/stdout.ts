/** This program's own way to stdout. */
export interface OwnStdout {
  write(text: string): void;
  /** Gives stdout back to all code. */
  release(): void;
}

/** Keeps stdout, if `alone`, to what is written through the result: what other code prints there, as a plugin does, goes to stderr until release. */
export function ownStdout({ alone }: { readonly alone: boolean }): OwnStdout {
  const { stdout, stderr } = process;
  const before = stdout.write;
  if (alone) stdout.write = stderr.write.bind(stderr);
  return {
    write: (text) => void before.call(stdout, text),
    release: () => {
      stdout.write = before;
    },
  };
}
