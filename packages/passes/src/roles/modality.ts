import type { Graph, Value } from "@vlm-export/ir";
import type { Streams } from "./streams.js";

/** First segment of most role paths. */
export type Modality = "vision" | "audio" | "language";

/** Tells what a part of the graph works on, by the inputs that reach it. */
export type ModalityOf = (streams: ReadonlySet<Value>) => Modality;

/**
 * Structure decides: ids mean language whatever else is read with them, then pictures vision, sound audio. Features that come from another
 * component say nothing of themselves, and one-dimensional convolutions little: there the names of component and input decide. What no
 * input reaches is what the whole graph is.
 */
export function modalityOf(graph: Graph, streams: Streams): ModalityOf {
  const single = (input: Value): Modality => {
    const kind = streams.kinds.get(input);
    if (kind === "ids") return "language";
    if (kind === "picture") return "vision";
    return wordsOf(input.name) ?? wordsOf(graph.name) ?? (kind === "sound" ? "audio" : "language");
  };
  const strongest = (inputs: Iterable<Value>): Modality | undefined => {
    const found = new Set([...inputs].map(single));
    return ORDER.find((modality) => found.has(modality));
  };
  const whole = strongest(streams.kinds.keys()) ?? wordsOf(graph.name) ?? "language";
  return (inputs) => strongest(inputs) ?? whole;
}

const ORDER: readonly Modality[] = ["language", "vision", "audio"];

const WORDS: readonly (readonly [RegExp, Modality])[] = [
  [/vision|image|visual|pixel|picture|patch|\bvit\b/, "vision"],
  [/audio|speech|sound|wave|spectro|(^|[^a-z])mel([^a-z]|$)/, "audio"],
  [/decoder|language|text|embed|token|(^|[^a-z])l?lm([^a-z]|$)/, "language"],
];

function wordsOf(name: string): Modality | undefined {
  return WORDS.find(([words]) => words.test(name.toLowerCase()))?.[1];
}
