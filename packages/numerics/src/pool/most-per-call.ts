/** The system reads and writes less than 2 GiB in one call. `formats` has the same rule: the two packages are of one layer, so that neither can import it. */
export const MOST_PER_CALL: number = 1 << 30;
