import { linkSync, mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openExternal, resolveExternalPath } from "./external-path.js";
import { FilePool } from "./file-pool.js";
import { codeOf, temporaryFolders } from "./temporary-folder.fixture.js";

const newFolder = temporaryFolders();
const REFUSED = "FormatError VX-IMPORT-EXTERNAL-PATH";

/** A folder `models` with a model, its data, and a file outside that must stay out of reach. */
function scene(): { root: string; models: string; model: string } {
  const root = realpathSync(newFolder());
  const models = join(root, "models");
  mkdirSync(join(models, "parts"), { recursive: true });
  writeFileSync(join(root, "secret"), "secret");
  writeFileSync(join(models, "model.onnx"), "");
  writeFileSync(join(models, "model.onnx_data"), "data");
  writeFileSync(join(models, "parts", "0.bin"), "part");
  return { root, models, model: join(models, "model.onnx") };
}

test.each(["model.onnx_data", "./model.onnx_data", "parts/0.bin", "parts//0.bin", "parts/../model.onnx_data"])(
  "%s is inside",
  (location) => {
    const { models, model } = scene();
    expect(resolveExternalPath(model, location).startsWith(models)).toBe(true);
  },
);

test.each([
  ["", "is empty"],
  [".", "names a folder"],
  ["parts/", "names a folder"],
  ["..", "climbs out"],
  ["../secret", "climbs out"],
  ["parts/../../secret", "climbs out"],
  ["./../models/../secret", "climbs out"],
  ["/etc/passwd", "is absolute"],
  ["//server/share/x", "is absolute"],
  ["C:/Windows/win.ini", "is absolute"],
  ["c:secret", "is absolute"],
  ["..\\secret", "holds a backslash"],
  ["\\\\server\\share", "holds a backslash"],
  ["parts\\0.bin", "holds a backslash"],
  ["model.onnx_data\0.png", "holds a NUL character"],
])("location %j is refused: it %s", (location, why) => {
  const { model } = scene();
  expect(codeOf(() => resolveExternalPath(model, location))).toBe(REFUSED);
  expect(() => resolveExternalPath(model, location)).toThrow(why);
});

test.each(["NUL", "con.txt", "parts/aux", "com1.bin", "model.onnx_data:stream"])("%s is refused on Windows", (location) => {
  const { model } = scene();
  expect(codeOf(() => resolveExternalPath(model, location, "win32"))).toBe(REFUSED);
});

test("links that lead out are refused: to a file, to a folder, and in two steps", () => {
  const { root, models, model } = scene();
  symlinkSync(join(root, "secret"), join(models, "file"));
  symlinkSync("..", join(models, "folder"));
  symlinkSync("file", join(models, "again"));
  for (const location of ["file", "folder/secret", "again"]) {
    expect(codeOf(() => resolveExternalPath(model, location))).toBe(REFUSED);
  }
});

test("a folder whose name only starts like the model's folder is outside", () => {
  const { root, models, model } = scene();
  mkdirSync(`${models}-other`);
  writeFileSync(join(`${models}-other`, "x"), "");
  symlinkSync(join(root, "models-other", "x"), join(models, "x"));
  expect(codeOf(() => resolveExternalPath(model, "x"))).toBe(REFUSED);
});

test("links and hard links within the folder are accepted", () => {
  const { models, model } = scene();
  symlinkSync("parts/0.bin", join(models, "soft"));
  linkSync(join(models, "parts", "0.bin"), join(models, "hard"));
  expect(resolveExternalPath(model, "soft")).toBe(join(models, "parts", "0.bin"));
  expect(resolveExternalPath(model, "hard")).toBe(join(models, "hard"));
});

test("a model that is reached through a link finds data beside the link and beside the real file", () => {
  const { root, model } = scene();
  const other = join(root, "other");
  mkdirSync(other);
  symlinkSync(model, join(other, "model.onnx"));
  symlinkSync("../models/model.onnx_data", join(other, "model.onnx_data"));
  expect(resolveExternalPath(join(other, "model.onnx"), "model.onnx_data")).toBe(join(root, "models", "model.onnx_data"));
});

/** The layout of a Hugging Face cache: files of a revision are links into `blobs`. */
function cacheScene(): { root: string; entry: string; snapshot: string } {
  const root = realpathSync(newFolder());
  const entry = join(root, "hub", "models--org--name");
  const snapshot = join(entry, "snapshots", "0123abcd", "onnx");
  mkdirSync(join(entry, "blobs"), { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  writeFileSync(join(entry, "blobs", "hash1"), "model");
  writeFileSync(join(entry, "blobs", "hash2"), "data");
  writeFileSync(join(root, "secret"), "secret");
  symlinkSync("../../../blobs/hash1", join(snapshot, "model.onnx"));
  symlinkSync("../../../blobs/hash2", join(snapshot, "model.onnx_data"));
  return { root, entry, snapshot };
}

test("a Hugging Face cache loads, with the model as a link or as a file", () => {
  const { entry, snapshot } = cacheScene();
  const data = join(entry, "blobs", "hash2");
  expect(resolveExternalPath(join(snapshot, "model.onnx"), "model.onnx_data")).toBe(data);
  writeFileSync(join(snapshot, "copy.onnx"), "model");
  expect(resolveExternalPath(join(snapshot, "copy.onnx"), "model.onnx_data")).toBe(data);
});

test("a Hugging Face cache does not open other entries or the rest of the disk", () => {
  const { root, entry, snapshot } = cacheScene();
  symlinkSync(join(root, "secret"), join(snapshot, "out"));
  symlinkSync(join(root, "secret"), join(entry, "blobs", "out2"));
  symlinkSync("../../../blobs/out2", join(snapshot, "out2"));
  for (const location of ["out", "out2"]) expect(codeOf(() => resolveExternalPath(join(snapshot, "model.onnx"), location))).toBe(REFUSED);
});

test("a folder named snapshots with a link for blobs opens nothing elsewhere", () => {
  const root = realpathSync(newFolder());
  mkdirSync(join(root, "evil", "snapshots", "x"), { recursive: true });
  mkdirSync(join(root, "private"));
  writeFileSync(join(root, "private", "key"), "secret");
  symlinkSync(join(root, "private"), join(root, "evil", "blobs"));
  writeFileSync(join(root, "evil", "snapshots", "x", "model.onnx"), "");
  symlinkSync("../../blobs/key", join(root, "evil", "snapshots", "x", "data"));
  expect(codeOf(() => resolveExternalPath(join(root, "evil", "snapshots", "x", "model.onnx"), "data"))).toBe(REFUSED);
});

test("what is missing or no file is named as such", () => {
  const { models, model } = scene();
  symlinkSync("loop", join(models, "loop"));
  const pool = new FilePool();
  expect(codeOf(() => openExternal(pool, model, "absent"))).toBe("FormatError VX-IMPORT-EXTERNAL-MISSING");
  expect(codeOf(() => openExternal(pool, model, "model.onnx/x"))).toBe("FormatError VX-IMPORT-EXTERNAL-MISSING");
  expect(codeOf(() => openExternal(pool, model, "parts"))).toBe("FormatError VX-IMPORT-FILE-KIND");
  expect(codeOf(() => openExternal(pool, model, "loop"))).toBe("FormatError VX-IMPORT-FILE-OPEN");
  expect(codeOf(() => openExternal(pool, model, "x".repeat(4096)))).toBe("FormatError VX-IMPORT-FILE-OPEN");
  pool.close();
});

test("data that is swapped for a link after it was opened is refused", () => {
  const { root, models, model } = scene();
  const pool = new FilePool();
  expect(openExternal(pool, model, "model.onnx_data").byteLength).toBe(4);
  renameSync(join(models, "model.onnx_data"), join(models, "old"));
  symlinkSync(join(root, "secret"), join(models, "model.onnx_data"));
  expect(codeOf(() => openExternal(pool, model, "model.onnx_data"))).toBe(REFUSED);
  renameSync(join(root, "secret"), join(models, "model.onnx_data"));
  expect(codeOf(() => openExternal(pool, model, "model.onnx_data"))).toBe("FormatError VX-IMPORT-FILE-CHANGED");
  pool.close();
});

test("whatever the location, the result lies in the folder or the error is coded", () => {
  const { root, models, model } = scene();
  symlinkSync(root, join(models, "up"));
  const piece = fc.constantFrom(
    "..",
    ".",
    "/",
    "\\",
    "up",
    "parts",
    "0.bin",
    "secret",
    "models",
    "model.onnx",
    "\0",
    "C:",
    "~",
    "%2e%2e",
    "",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 7 }), fc.constantFrom("/", "", "\\"), (pieces, glue) => {
      const location = pieces.join(glue);
      let result = "";
      const code = codeOf(() => (result = resolveExternalPath(model, location)));
      if (code === "no error") expect(result.startsWith(`${models}/`)).toBe(true);
      else expect(code).toMatch(/^FormatError VX-IMPORT-/);
    }),
    { numRuns: 2000 },
  );
});
