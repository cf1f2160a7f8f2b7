import type { ObserverSource } from "@vlm-export/engine";
import type { CounterSettings } from "./counting/counter-messages.js";

/** The counter, for the engine's thread. This file lies at the top of its folder, so that the path also holds in a bundle. */
export function counterSource(settings: CounterSettings): ObserverSource {
  return { module: new URL("./counting/counter.js", import.meta.url), load: () => import("./counting/counter.js"), settings };
}
