import type { ImagePipeline } from "./image-pipeline.js";
import type { ResampleFilter } from "./resample.js";

/** What an image processor of Hugging Face transformers does where its file leaves something open. */
export interface Processor {
  /** What a size of one number means. */
  readonly oneNumber: "square" | "shortestEdge";
  readonly filter: ResampleFilter;
  readonly flipsChannels: boolean;
  /**
   * Whether it cuts the middle: never; when it is asked to; unless it is asked not to, so that its file must say; `byShare`: a short
   * edge below 384 is cut out of one that is larger by 1 / crop_pct.
   */
  readonly cut: "never" | "asked" | "usual" | "byShare";
}

const square: Processor = { oneNumber: "square", filter: "bilinear", flipsChannels: false, cut: "never" };
const edge: Processor = { ...square, oneNumber: "shortestEdge" };
const cubicSquare: Processor = { ...square, filter: "bicubic" };
const cubicSquareCut: Processor = { ...cubicSquare, cut: "usual" };
const edgeCut: Processor = { ...edge, cut: "usual" };
const cubicEdgeCut: Processor = { ...edgeCut, filter: "bicubic" };

/** Those whose steps are resize, center crop, rescale and normalize, with the defaults of transformers 4.57; each compared with its original on pictures. */
const PROCESSORS: ReadonlyMap<string, Processor> = new Map<string, Processor>([
  ["Beit", cubicSquareCut],
  ["Bit", cubicEdgeCut],
  ["Blip", cubicSquare],
  ["CLIP", cubicEdgeCut],
  ["ChineseCLIP", cubicEdgeCut],
  ["ConvNext", { ...edge, cut: "byShare" }],
  ["DPT", cubicSquare],
  ["DeiT", cubicSquareCut],
  ["EfficientFormer", cubicSquareCut],
  ["Flava", cubicSquareCut],
  ["Gemma3", square],
  ["GotOcr2", cubicSquare],
  ["Llava", cubicEdgeCut],
  ["MobileNetV1", edgeCut],
  ["MobileNetV2", edgeCut],
  ["MobileViT", { ...edgeCut, flipsChannels: true }],
  ["Ovis2", cubicSquare],
  ["OwlViT", { ...cubicSquare, cut: "asked" }],
  ["PromptDepthAnything", cubicSquare],
  ["Pvt", square],
  ["RTDetr", edge],
  ["SegGpt", cubicSquare],
  ["Segformer", square],
  ["Siglip", cubicSquare],
  ["SuperPoint", edge],
  ["ViT", square],
  ["ViTHybrid", cubicEdgeCut],
]);

/** A file that names no processor is read as one of ViT's, which the oldest files are, but cuts when it asks for that. */
const UNNAMED: Processor = { ...square, cut: "asked" };

/** The processor that a file names; undefined when its steps are others or not known. */
export function processorOf(name: string | undefined): Processor | undefined {
  return name === undefined ? UNNAMED : PROCESSORS.get(name.replace(/(ImageProcessor|FeatureExtractor)(Fast)?$/, ""));
}

/** From this edge on ConvNext stretches to the square and cuts nothing. */
const STRETCHED_FROM = 384;

/** Sizes of a processor that cuts `byShare`. */
export function sizesByShare(edge: number, share: number): Pick<ImagePipeline, "resize" | "crop"> {
  const target = { height: edge, width: edge };
  return edge >= STRETCHED_FROM ? { resize: { to: target } } : { resize: { shortestEdge: Math.trunc(edge / share) }, crop: target };
}
