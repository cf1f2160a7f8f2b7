import type { AttrValue, DType, Granularity, Node, QuantSpec } from "@vlm-export/ir";

/** Where an operator can run. */
export type Unit = "npu" | "gpu" | "cpu";
/** native: runs as is; rewrite: legalize changes it first; fallback: other unit or float; reject: cannot be emitted. */
export type VerdictKind = "native" | "rewrite" | "fallback" | "reject";

/** Predicates of a rule; all that are present must hold. Operands are named by input index ("0", "1"…) or output ("out0"…). */
export interface RuleCondition {
  /** Stored type per operand (storage of a quantized value, else its element type). */
  readonly dtypes?: Readonly<Record<string, readonly DType[]>>;
  /** Granularity per operand; an operand that is not quantized fails. */
  readonly granularity?: Readonly<Record<string, readonly Granularity[]>>;
  /** Some operand is quantized in that mode: static = qparams are fixed, dynamic = they are set at run time. */
  readonly mode?: QuantSpec["mode"];
  /** Block sizes allowed on block-quantized operands. */
  readonly blockSizes?: readonly number[];
  /** Inclusive rank of operand 0. */
  readonly rank?: readonly [min: number, max: number];
  /** All operands have known ranks and extents. */
  readonly staticShape?: boolean;
  /** Operands that must be constants. */
  readonly constant?: readonly string[];
  /** Allowed attribute values (a missing attribute fails unless null is listed). */
  readonly attrs?: Readonly<Record<string, readonly (AttrValue | null)[]>>;
}

/** Data, not code: kept as JSON beside the backend, checked against schemas/compat-rules.schema.json. First match wins. */
export interface CompatRule {
  readonly id: string;
  /** An op name, a list, or "*". */
  readonly op: string | readonly string[];
  readonly units: readonly Unit[];
  readonly when?: RuleCondition;
  readonly verdict: VerdictKind;
  /** For a user: why. */
  readonly reason: string;
  /** For a reviewer: document, or "measured: …". */
  readonly source: string;
  readonly since?: string;
}

/** What the rules say of one node. */
export interface Verdict {
  readonly component: string;
  readonly node: Node;
  readonly rule: string;
  readonly unit: Unit;
  readonly verdict: VerdictKind;
  readonly reason: string;
  readonly source: string;
}
