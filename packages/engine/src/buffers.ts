/** Buffers that come back after use, by size: results of the same shapes need no new memory from run to run. */
export class BufferStore {
  readonly #free = new Map<number, ArrayBuffer[]>();

  /** A buffer of exactly this size; its content is left over from before. */
  take(byteLength: number): ArrayBuffer {
    return this.#free.get(byteLength)?.pop() ?? new ArrayBuffer(byteLength);
  }

  /** Gives a buffer back; a detached one is ignored. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === 0) return;
    const free = this.#free.get(buffer.byteLength);
    if (free) free.push(buffer);
    else this.#free.set(buffer.byteLength, [buffer]);
  }
}
