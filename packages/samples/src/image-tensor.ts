import type { DType, Dim, TensorData } from "@vlm-export/ir";
import { calDType, calImage, calImageSettings, calShape, type SamplePlace } from "./errors.js";
import { tensorOfNumbers } from "./float-tensor.js";
import { applyPipeline, type ImageValues, resizedSize, valueTable } from "./image/apply-pipeline.js";
import { decodeImage } from "./image/decode.js";
import type { ImagePipeline, InputFacts } from "./image/image-pipeline.js";
import { MAX_PIXELS, type Pixels } from "./image/pixels.js";
import { IMAGE_DTYPES, type ModelInput, typeText } from "./model-input.js";

/** The input that takes pictures, and how its axes lie. */
export interface ImageInput {
  readonly input: ModelInput;
  readonly layout: "NCHW" | "NHWC";
  readonly channels: 1 | 3;
}

/** Finds the input for pictures: the named one, or the only rank-4 input of a type that a picture can have. Throws VX-CAL-IMAGE-SETTINGS. */
export function imageInputOf(inputs: readonly ModelInput[], pipeline: ImagePipeline | undefined, place: SamplePlace): ImageInput {
  const wanted = pipeline?.input;
  const fitting = inputs.filter(({ name, type }) => (wanted === undefined ? isPicture({ name, type }) : name === wanted));
  const [input] = fitting;
  const names = inputs.map(({ name }) => JSON.stringify(name)).join(", ");
  if (!input || fitting.length > 1)
    throw calImageSettings(
      place,
      wanted === undefined
        ? `which input takes the pictures is not clear: ${fitting.length} of ${names} have rank 4.`
        : `model.image.input ${JSON.stringify(wanted)} is not an input; the inputs are ${names}.`,
    );
  return { input, ...axesOf(input, pipeline, place) };
}

function isPicture({ type }: ModelInput): boolean {
  return type.shape?.length === 4 && IMAGE_DTYPES.includes(type.dtype);
}

/** Layout and number of channels: as stated, or from the extent that is 1 or 3. */
function axesOf(input: ModelInput, pipeline: ImagePipeline | undefined, place: SamplePlace): Omit<ImageInput, "input"> {
  const { shape, dtype } = input.type;
  if (shape?.length !== 4) throw calShape(place, { input: input.name, isPicture: true }, "of rank 4 for pictures", typeText(input.type));
  if (!IMAGE_DTYPES.includes(dtype)) throw calDType(place, input.name, dtype, `a picture, which can become ${IMAGE_DTYPES.join(", ")}`);
  const layout = pipeline?.layout ?? layoutOf(shape);
  const extent = layout === "NCHW" ? shape[1] : shape[3];
  if (isChannels(extent)) return { layout, channels: extent };
  if (typeof extent === "string") return { layout, channels: pipeline?.color === "gray" ? 1 : 3 };
  throw calImageSettings(
    place,
    `input ${JSON.stringify(input.name)} ${typeText(input.type)} has ${extent} channels in ${layout}; pictures have 1 or 3.`,
  );
}

function layoutOf(shape: readonly Dim[]): "NCHW" | "NHWC" {
  return !isChannels(shape[1]) && isChannels(shape[3]) ? "NHWC" : "NCHW";
}

function isChannels(extent: unknown): extent is 1 | 3 {
  return extent === 1 || extent === 3;
}

/**
 * A mean or std for some channels only would leave the others as they are, and pixels that do not fit 8-bit integers would be cut off or run
 * together. Throws VX-CAL-IMAGE-SETTINGS.
 */
export function checkNormalization(pipeline: ImagePipeline, { input, channels }: ImageInput, place: SamplePlace): void {
  const { mean, std } = pipeline;
  for (const [name, list] of Object.entries({ mean, std }))
    if (list && list.length !== 1 && list.length !== channels)
      throw calImageSettings(
        place,
        `${name} of ${placeOf(pipeline)} has ${list.length} numbers; input ${JSON.stringify(input.name)} has ${channels === 1 ? "1 channel" : `${channels} channels`}.`,
        `Write one number for all channels, or one for each.`,
      );
  for (let channel = 0; channel < channels; channel += 1) checkIntegers(pipeline, channel, { input, place });
}

function placeOf({ source }: ImagePipeline): string {
  return source === "recipe" ? "the recipe's model.image" : source;
}

const BYTE_RANGES: Readonly<Partial<Record<DType, readonly [low: number, high: number]>>> = { u8: [0, 255], i8: [-128, 127] };
/** Fewer integers for the 256 samples of a pixel are no picture any more. */
const FEWEST_INTEGERS = 64;

function checkIntegers(
  pipeline: ImagePipeline,
  channel: number,
  { input: { name, type }, place }: { readonly input: ModelInput; readonly place: SamplePlace },
): void {
  const range = BYTE_RANGES[type.dtype];
  if (!range) return;
  const integers = new Set(valueTable(pipeline, channel).map(Math.round));
  const [low, high] = [Math.min(...integers), Math.max(...integers)];
  if (low >= range[0] && high <= range[1] && integers.size >= FEWEST_INTEGERS) return;
  throw calImageSettings(
    place,
    `input ${JSON.stringify(name)} takes ${type.dtype}, and ${placeOf(pipeline)} makes of pixels ${integers.size} integers from ${low} to ${high}.`,
    `State in model.image of the recipe what keeps the pixels apart: rescale: 1${type.dtype === "i8" ? ", mean: [128]" : ""}.`,
  );
}

/** What the input says of its pictures: height and width where they are fixed, and whether pixels stay integers. */
export function factsOfInput({ input: { type }, layout }: ImageInput): InputFacts {
  const [height, width] = (layout === "NCHW" ? type.shape?.slice(2) : type.shape?.slice(1, 3)) ?? [];
  const rescale = BYTE_RANGES[type.dtype] ? 1 : 1 / 255;
  return typeof height === "number" && typeof width === "number" ? { size: { height, width }, rescale } : { rescale };
}

/** A thin picture that keeps its aspect would become one of any length. */
function checkResized(pixels: Pixels, { resize }: ImagePipeline, refuse: (reason: string) => Error): void {
  if (!resize) return;
  const { height, width } = resizedSize(pixels, resize);
  if (height * width > MAX_PIXELS)
    throw refuse(`${pixels.width} × ${pixels.height} would be resized to ${width} × ${height}, which is more than ${MAX_PIXELS} pixels`);
}

/** Decodes the pictures and stacks them along the batch axis. `onDecoder` hears what decoded each. */
export async function imageTensor(
  paths: readonly string[],
  { input, layout, channels }: ImageInput,
  {
    pipeline,
    place,
    onDecoder,
  }: { readonly pipeline: ImagePipeline; readonly place: SamplePlace; readonly onDecoder: (name: string) => void },
): Promise<TensorData> {
  const pictures: ImageValues[] = [];
  for (const path of paths) {
    const { pixels, decoder } = await decodeImage(path, place);
    onDecoder(decoder);
    checkResized(pixels, pipeline, (reason) => calImage(place, path, reason));
    pictures.push(applyPipeline(pixels, pipeline, { channels, layout }));
  }
  const [first] = pictures as [ImageValues];
  const odd = pictures.findIndex(({ height, width }) => height !== first.height || width !== first.width);
  if (odd >= 0)
    throw calShape(
      place,
      { input: input.name, isPicture: true },
      `${first.height} × ${first.width} for all pictures of a sample`,
      `${pictures[odd]?.height} × ${pictures[odd]?.width}`,
    );
  const { height, width } = first;
  const shape = layout === "NCHW" ? [pictures.length, channels, height, width] : [pictures.length, height, width, channels];
  const values = new Float32Array(pictures.length * first.data.length);
  pictures.forEach(({ data }, i) => values.set(data, i * first.data.length));
  return tensorOfNumbers(values, input.type.dtype, shape);
}
