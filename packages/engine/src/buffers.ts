/** Buffers that come back after use, by size: results of the same shapes need no new memory from run to run. */
export class BufferStore {
  readonly #free = new Map<number, Set<ArrayBuffer>>();

  /** A buffer of exactly this size; its content is left over from before. */
  take(byteLength: number): ArrayBuffer {
    const free = this.#free.get(byteLength);
    const [buffer] = free ?? [];
    if (!buffer) return new ArrayBuffer(byteLength);
    free?.delete(buffer);
    return buffer.byteLength === byteLength ? buffer : this.take(byteLength);
  }

  /** Gives a buffer back, once or several times; a detached one is ignored. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === 0) return;
    const free = this.#free.get(buffer.byteLength);
    if (free) free.add(buffer);
    else this.#free.set(buffer.byteLength, new Set([buffer]));
  }
}
