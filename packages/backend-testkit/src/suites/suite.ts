import type { Model } from "@vlm-export/ir";
import type { KitSite } from "../emit-case.js";

/** That a law holds, with what was seen, or why nothing could be seen. */
export interface SuiteNote {
  readonly status: "passed" | "not-run";
  readonly detail: string;
}

/** A suite checks one law on one model; it throws with the reason when the law is broken. */
export interface Suite {
  readonly name: string;
  check(kit: KitSite, model: Model): Promise<SuiteNote>;
}

/** The law holds. */
export function passed(detail: string): SuiteNote {
  return { status: "passed", detail };
}
