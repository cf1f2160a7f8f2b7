import type { Reencoding } from "@vlm-export/backend-api";
import { type Value, staticShape } from "@vlm-export/ir";
import type { StoredAt } from "../key.js";
import { type Layout, rowMajor, sameOrder } from "../layout.js";
import { reencodingsOf } from "./quantization.js";

/** A tensor that holds a value of the graph, in `layout` over `shape`. */
export interface Held {
  readonly tensor: number;
  /** Row-major where it is left out. */
  readonly layout?: Layout;
  /** The graph's shape, where the tensor has another (rows of one block each). */
  readonly shape?: readonly number[];
}

/** Where the integers and qparams of a graph value lie in the artifact. */
export interface Carried {
  readonly value: Value;
  /** Of a constant, every tensor that holds it. */
  readonly places: readonly [StoredAt, ...StoredAt[]];
  readonly reencodings: readonly Reencoding[];
}

/** Where the artifact holds the values of one graph. */
export class Holdings {
  readonly carried: Map<Value, Carried> = new Map();
  /** Every tensor that holds a constant which is not quantized. */
  readonly plain: Map<Value, readonly [StoredAt, ...StoredAt[]]> = new Map();

  /** A quantized value is in that tensor; of an activation the first one counts. */
  carry(value: Value, held: Held): void {
    const { quant } = value.type;
    if (!quant) return;
    const known = this.carried.get(value);
    if (known && !value.data) return;
    const place = storedAt(value, held);
    const reencodings = known?.reencodings ?? reencodingsOf(quant, isMoved(value, held));
    this.carried.set(value, { value, places: known ? [...known.places, place] : [place], reencodings });
  }

  /** A constant that is not quantized is in that tensor. */
  keep(value: Value, held: Omit<Held, "shape">): void {
    if (!value.data || value.type.quant) return;
    const known = this.plain.get(value);
    const { tensor, layout } = held;
    const place = { tensor, ...(layout && String(layout) !== String(rowMajor(layout.length)) && { layout }) };
    this.plain.set(value, known ? [...known, place] : [place]);
  }
}

/** A layout is stated only where it changes the order of elements: of integers that lie in it the shape is not compared. */
function storedAt(value: Value, { tensor, layout, shape }: Held): StoredAt {
  return { tensor, ...(layout && (shape || isMoved(value, { tensor, layout })) && { layout }), ...(shape && { shape }) };
}

function isMoved({ type }: Value, { layout }: Held): boolean {
  return layout !== undefined && !sameOrder(staticShape(type) ?? [], layout, rowMajor(layout.length));
}
