import type { SamplePlace } from "./errors.js";

/** One sample of a data set, before its files are read. Paths are joined to the folder of the data set. */
export interface SampleEntry {
  readonly place: SamplePlace;
  /** Pictures, in order along the batch axis. */
  readonly images: readonly string[];
  /** A .npz file of arrays named like the inputs. */
  readonly tensors?: string;
  readonly label?: unknown;
}
