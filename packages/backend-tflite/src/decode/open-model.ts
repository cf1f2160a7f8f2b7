import { join } from "node:path";
import { type Artifact, isSystemError } from "@vlm-export/backend-api";
import { FormatError } from "@vlm-export/formats/files";
import { readTflite, type TfliteModel } from "@vlm-export/formats/tflite";
import { decodeFile } from "../errors.js";
import { fileSource } from "./file-source.js";

/** A file of the artifact, read by ranges. Throws VX-DECODE-TFLITE-FILE. */
export function openModel({ dir }: Pick<Artifact, "dir">, path: string): TfliteModel {
  try {
    return readTflite(fileSource(join(dir, path)));
  } catch (error) {
    if (error instanceof FormatError || isSystemError(error)) throw decodeFile(path, error);
    throw error;
  }
}
