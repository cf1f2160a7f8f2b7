import type { Pass } from "@vlm-export/ir";
import { expandAttention } from "./expand-attention.js";
import { expandGelu } from "./expand-gelu.js";
import { expandLayerNorm } from "./expand-layer-norm.js";
import { expandRmsNorm } from "./expand-rms-norm.js";
import { expandRotaryEmbedding } from "./expand-rotary-embedding.js";

/** First opset of each composite operator that has an expansion into operators of opset 13. */
const EXPANSIONS: readonly (readonly [opset: number, pass: Pass])[] = [
  [23, expandAttention],
  [23, expandRotaryEmbedding],
  [23, expandRmsNorm],
  [20, expandGelu],
  [17, expandLayerNorm],
];

/** The expansions that a graph needs for an opset of the default domain: none from 23 on. */
export function expansionsFor(opset: number): readonly Pass[] {
  return EXPANSIONS.filter(([since]) => since > opset).map(([, pass]) => pass);
}
