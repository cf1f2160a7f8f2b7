/** Sizes above which a model is refused rather than read. */
export interface OnnxLimits {
  /** Messages inside messages. */
  readonly depth: number;
  /** Nodes of all graphs and functions. */
  readonly nodes: number;
  /** Messages of all kinds. */
  readonly messages: number;
  /** Fields and list elements outside tensors. */
  readonly elements: number;
  /** UTF-8 bytes of a name. */
  readonly nameBytes: number;
  /** Dimensions of a tensor. */
  readonly rank: number;
}

/** Limits that no model known to us comes near, and that keep the object model under about 1 GB. */
export const DEFAULT_ONNX_LIMITS: OnnxLimits = {
  depth: 100,
  nodes: 2_000_000,
  messages: 8_000_000,
  elements: 32_000_000,
  nameBytes: 65_536,
  rank: 16,
};
