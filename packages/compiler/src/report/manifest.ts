import { createHash } from "node:crypto";
import type { Artifact, DecodedTensor } from "@vlm-export/backend-api";
import { quantizedValues, valueKey, zeroPointValues } from "@vlm-export/backend-api";
import { contentHash, elementCount, type Model, singles, type Value } from "@vlm-export/ir";
import type { Manifest, ManifestTarget, ManifestTensor } from "@vlm-export/schemas";

/** What integers and scales one value has, as hashes that `verify DIST` can compare without the model. */
export type Fingerprint = Pick<ManifestTensor, "storage" | "intSha256" | "scaleSha256" | "scaleShape" | "zeroPointSha256">;

/** What wrote an artifact. */
export interface WrittenBy {
  readonly version: string;
  /** Options of the target with defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The manifest's entry of one target: its files, and for every value of the frozen graph where it lies and what it is. */
export function manifestTarget(artifact: Artifact, { version, options }: WrittenBy, model: Model): ManifestTarget {
  const values = new Map(
    [...model.components].flatMap(([component, graph]) =>
      quantizedValues(graph).map((value) => [valueKey({ component, value: value.name }), value] as const),
    ),
  );
  const tensors = artifact.tensors.flatMap(({ component, value, key, reencodings }): readonly ManifestTensor[] => {
    const known = values.get(valueKey({ component, value }));
    const quant = known?.type.quant;
    return known && quant
      ? [{ component, value, key, granularity: quant.granularity, reencodings: [...reencodings], ...fingerprintOf(known) }]
      : [];
  });
  return {
    backend: artifact.backend,
    backendVersion: version,
    options: { ...options },
    formatVersion: artifact.formatVersion,
    folder: artifact.backend,
    files: artifact.files.map((file) => ({ ...file })),
    tensors,
    losses: artifact.losses.map((loss) => ({ ...loss })),
  };
}

/** Of a value of the frozen graph. Scales are hashed as f32, zero points as i32; all-zero zero points count as none. */
function fingerprintOf(value: Value): Fingerprint {
  const { quant } = value.type;
  return fingerprint({
    storage: quant?.storage as Fingerprint["storage"],
    intSha256: value.data && contentHash(value.data),
    scaleSha256: quant?.scale && contentHash(singles(quant.scale)),
    scaleShape: quant?.scale?.shape,
    zeroPoint: quant ? zeroPointValues(quant) : [],
  });
}

/** Of what a decoder found. */
export function fingerprintOfDecoded({ storage, ints, scale, scaleShape, zeroPoint }: DecodedTensor): Fingerprint {
  const scaleSha256 = scale.length > 0 ? sha256(new Uint8Array(scale.buffer, scale.byteOffset, scale.byteLength)) : undefined;
  return fingerprint({
    storage: storage as Fingerprint["storage"],
    intSha256: ints && contentHash(ints),
    scaleSha256,
    scaleShape,
    zeroPoint,
  });
}

interface Parts {
  readonly storage: Fingerprint["storage"];
  readonly intSha256: string | undefined;
  readonly scaleSha256: string | undefined;
  readonly scaleShape: readonly number[] | undefined;
  readonly zeroPoint: readonly number[];
}

function fingerprint({ storage, intSha256, scaleSha256, scaleShape, zeroPoint }: Parts): Fingerprint {
  const hasZeroPoint = zeroPoint.some((point) => point !== 0);
  return {
    storage,
    ...(intSha256 !== undefined && { intSha256 }),
    ...(scaleSha256 !== undefined && { scaleSha256 }),
    ...(scaleShape && elementCount(scaleShape) > 1 && { scaleShape: [...scaleShape] }),
    ...(hasZeroPoint && { zeroPointSha256: sha256(zeroPointBytes(zeroPoint)) }),
  };
}

/** As i32; numbers beyond it, which no graph has, as f64. */
function zeroPointBytes(zeroPoint: readonly number[]): Uint8Array {
  const whole = Int32Array.from(zeroPoint);
  return new Uint8Array(whole.every((point, i) => point === zeroPoint[i]) ? whole.buffer : Float64Array.from(zeroPoint).buffer);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The text of manifest.json: keys in a fixed order, one tensor per line, so that equal runs give equal bytes. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}
