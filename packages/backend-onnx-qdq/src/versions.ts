import { readFileSync } from "node:fs";

const { version, dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};

/** Version of this package: what model files name as their producer's. */
export const VERSION: string = version;
/** Name and version of the reader that proves model files. */
export const DECODER: string = `onnx-proto ${dependencies["onnx-proto"]}`;
