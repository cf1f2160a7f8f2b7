import { open } from "node:fs/promises";

/** The whole of a regular file of at most `limit` bytes. `refuse` builds the error from a reason in words. */
export async function readBytes(path: string, limit: number, refuse: (reason: string, cause?: unknown) => Error): Promise<Uint8Array> {
  try {
    const handle = await open(path, "r");
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw refuse("it is not a file");
      if (facts.size > limit) throw refuse(`it has ${facts.size} bytes; the limit is ${limit}`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof Error && cause.name === "VxError") throw cause;
    throw refuse(reasonOf(cause), cause);
  }
}

/** Why a file system call failed, in words. */
export function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "no permission";
  if (code === "EISDIR") return "it is a folder";
  return cause instanceof Error ? cause.message : String(cause);
}
