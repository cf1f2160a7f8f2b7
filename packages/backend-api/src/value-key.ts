import type { TensorLocation } from "./backend.js";

/** One text for a value of a component: the key under which maps hold it. */
export function valueKey({ component, value }: Pick<TensorLocation, "component" | "value">): string {
  return `${component}\u0000${value}`;
}
