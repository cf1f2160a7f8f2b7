/** Memory that all threads write results to, used again and again: garbage collectors do not see its size and would let it pile up. */
export interface SharedMemory {
  /** A buffer of at least `byteLength` bytes with any content. */
  take(byteLength: number): SharedArrayBuffer;
  /** Gives a buffer back, which no thread may write to any more. */
  give(buffer: SharedArrayBuffer): void;
}

/** No more buffers than are taken at one time, none larger than the largest that was asked for. */
export function createSharedMemory(): SharedMemory {
  const free: SharedArrayBuffer[] = []; // the smallest first
  return {
    take(byteLength) {
      const fitting = free.findIndex((buffer) => buffer.byteLength >= byteLength);
      const [buffer] = free.splice(Math.max(fitting, 0), 1);
      return buffer && fitting >= 0 ? buffer : new SharedArrayBuffer(byteLength);
    },
    give(buffer) {
      const larger = free.findIndex(({ byteLength }) => byteLength > buffer.byteLength);
      free.splice(larger < 0 ? free.length : larger, 0, buffer);
    },
  };
}
