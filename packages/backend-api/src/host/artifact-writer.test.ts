import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Artifact } from "../backend.js";
import { type ArtifactWriter, openArtifactWriter } from "./artifact-writer.js";
import { confirmFiles } from "./confirm-files.js";

const root = mkdtempSync(join(tmpdir(), "vlm-export-artifact-writer-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function opened(): ArtifactWriter {
  return openArtifactWriter("test", mkdtempSync(join(root, "a-")));
}

async function write(writer: ArtifactWriter, path: string): Promise<void> {
  const file = await writer.createFile(path);
  await file.write(Uint8Array.of(1, 2, 3));
  await file.close();
}

const fault = (code: string, says: string) => ({
  kind: "verify",
  diagnostic: { code, message: expect.stringContaining(says), where: { stage: "emit", backend: "test" } },
});

test.each<readonly [unknown, string]>([
  ["/etc/x", "is not a relative POSIX path inside the artifact's folder"],
  ["../x", "is not a relative POSIX path"],
  ["a\\b", "is not a relative POSIX path"],
  ["", "is not a relative POSIX path"],
  [7, "is not a relative POSIX path"],
  ["a".repeat(256), "has a name of more than 255 bytes"],
  ["Weights.bin", "was asked for twice, upper and lower case counting as one"],
  ["weights.bin/a", "is a folder and a file"],
  ["parts", "is a folder and a file"],
])("path %j is the plugin's fault", async (path, says) => {
  const writer = opened();
  await write(writer, "weights.bin");
  await write(writer, "parts/1.bin");
  await write(writer, "parts/2.bin");
  await expect(writer.createFile(path as string)).rejects.toMatchObject(fault("VX-PLUGIN-FILE-PATH", says));
});

test("a file takes bytes, until it is closed, and once", async () => {
  const file = await opened().createFile("a.bin");
  expect(() => file.write("text" as never)).toThrow('"a.bin" was given a string instead of bytes');
  await file.close();
  const used = fault("VX-PLUGIN-FILES", '"a.bin" was used after it was closed');
  await expect(file.write(Uint8Array.of(1))).rejects.toMatchObject(used);
  await expect(file.close()).rejects.toMatchObject(used);
});

test("after emit no file is open, and none is created", async () => {
  const writer = opened();
  await writer.createFile("open.bin");
  expect(() => writer.seal()).toThrow('"open.bin" was not closed');
  await expect(writer.createFile("b.bin")).rejects.toMatchObject(fault("VX-PLUGIN-FILE-PATH", "was asked for after emit had ended"));
});

test("what is changed in the folder past the host is told", async () => {
  const writer = opened();
  await write(writer, "parts/a.bin");
  const artifact = { backend: "test", dir: writer.dir, files: writer.files() } as unknown as Artifact;
  expect(() => confirmFiles(artifact)).not.toThrow();
  writeFileSync(join(writer.dir, "stray"), "");
  expect(() => confirmFiles(artifact)).toThrow("stray was put there in another way");
  rmSync(join(writer.dir, "stray"));
  writeFileSync(join(writer.dir, "parts/a.bin"), "ab");
  expect(() => confirmFiles(artifact)).toThrow('"parts/a.bin" has 2 bytes, of which 3 were written');
  rmSync(writer.dir, { recursive: true });
  expect(() => confirmFiles(artifact)).toThrow('"parts/a.bin" is not there any more');
});
