import { nearest as nearestSpelling } from "@vlm-export/ir";

/** Words that people bring from other tools, and the recipe's word for each. */
const SYNONYMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    bf16: "bfloat16",
    conv2d: "Conv",
    dense: "Gemm",
    embedding: "Gather",
    f16: "float16",
    f32: "float32",
    fp16: "float16",
    fp32: "float",
    float32: "float",
    group: "block",
    groupwise: "block",
    group_size: "blockSize",
    half: "float16",
    histogram: "percentile",
    i2: "int2",
    i4: "int4",
    i8: "int8",
    i16: "int16",
    kl: "entropy",
    linear: "MatMul",
    litert: "tflite",
    max: "minmax",
    none: "float",
    num_samples: "samples",
    onnx: "onnx-qdq",
    onnxruntime: "onnx-qdq",
    ort: "onnx-qdq",
    per_channel: "channel",
    per_tensor: "tensor",
    per_token: "token",
    qdq: "onnx-qdq",
    u4: "uint4",
    u8: "uint8",
    u16: "uint16",
  }),
);

/** The candidate that `word` most likely means, by another tool's word for it or by its spelling; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  const synonym = SYNONYMS.get(word.toLowerCase().replaceAll("-", "_"));
  return synonym !== undefined && all.includes(synonym) ? synonym : nearestSpelling(word, all);
}

/** `Did you mean "x"? ` or nothing, for the front of a hint. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? "" : `Did you mean ${JSON.stringify(candidate)}? `;
}
