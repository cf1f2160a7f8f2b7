import type { Model } from "@vlm-export/ir";
import type { KitSite } from "../emit-case.js";

/** A suite checks one law on one model; it throws with the reason when the law is broken, or returns a note. */
export interface Suite {
  readonly name: string;
  check(kit: KitSite, model: Model): Promise<string | undefined>;
}

/** What a broken law is reported with. */
export class ConformanceError extends Error {
  override readonly name = "ConformanceError";
}
