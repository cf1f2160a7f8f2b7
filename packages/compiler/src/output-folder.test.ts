import fs, {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Diagnostic } from "@vlm-export/ir";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOutputFolder } from "./output-folder.js";

let parent: string;
let dist: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "vlm-export-output-"));
  dist = join(parent, "dist");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function publish(content: string, warnings: Diagnostic[] = []): void {
  const output = openOutputFolder(dist, (diagnostic) => warnings.push(diagnostic));
  writeFileSync(join(output.staging, "manifest.json"), JSON.stringify({ tool: { name: "vlm-export" }, content }));
  output.commit();
  output.abort();
}

const content = (): string => (JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8")) as { content: string }).content;

test.each([".", ".."])("%s of the working folder is refused: a shell in it would see nothing", (path) => {
  const before = process.cwd;
  mkdirSync(join(dist, "inner"), { recursive: true });
  process.cwd = () => join(dist, "inner");
  try {
    expect(() => openOutputFolder(join(dist, "inner", path))).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({ code: "VX-EMIT-FOLDER-FIXED", message: expect.stringContaining("the command runs in it") }),
      }),
    );
    expect(readdirSync(parent)).toEqual(["dist"]);
  } finally {
    process.cwd = before;
  }
});

test("the folder appears on commit, replaces an earlier output, and nothing else stays", () => {
  publish("one");
  expect(content()).toBe("one");
  publish("two");
  expect(content()).toBe("two");
  expect(readdirSync(parent)).toEqual(["dist"]);
});

test("abort leaves the earlier output and no trace", () => {
  publish("one");
  const output = openOutputFolder(dist);
  writeFileSync(join(output.staging, "half"), "x");
  output.abort();
  expect([content(), readdirSync(parent)]).toEqual(["one", ["dist"]]);
});

test("a second run on the same folder is refused while the first holds it", () => {
  const output = openOutputFolder(dist);
  expect(() => openOutputFolder(dist)).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-EMIT-FOLDER-BUSY" }) }),
  );
  output.abort();
  openOutputFolder(dist).abort();
});

test("what a killed run left is cleared, and the output that it had moved away comes back", () => {
  publish("one");
  const dead = 2 ** 22 + 1;
  writeFileSync(join(parent, ".dist.vlm-export-lock"), JSON.stringify({ pid: dead, host: "gone" }));
  expect(() => openOutputFolder(dist)).toThrow("being written by process");
  writeFileSync(join(parent, `.dist.vlm-export-lock.${dead}`), "{");
  rmSync(join(parent, ".dist.vlm-export-lock"));
  mkdirSync(join(parent, ".dist.vlm-export-abc"));
  mkdirSync(join(parent, ".dist.vlm-export-abc.old"));
  rmSync(dist, { recursive: true });
  writeFileSync(
    join(parent, ".dist.vlm-export-abc.old", "manifest.json"),
    JSON.stringify({ tool: { name: "vlm-export" }, content: "saved" }),
  );
  const output = openOutputFolder(dist);
  expect(content()).toBe("saved");
  output.abort();
  expect(readdirSync(parent)).toEqual(["dist"]);
});

test("a folder or file of somebody else is not touched", () => {
  mkdirSync(dist);
  writeFileSync(join(dist, "a.txt"), "a");
  expect(() => openOutputFolder(dist)).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-EMIT-FOLDER-FOREIGN" }) }),
  );
  expect([existsSync(join(dist, "a.txt")), readdirSync(parent)]).toEqual([true, ["dist"]]);
});

test("an earlier output that somebody put a file into is not replaced", () => {
  publish("one");
  mkdirSync(join(dist, "onnx-qdq"));
  writeFileSync(join(dist, ".DS_Store"), "");
  publish("two");
  mkdirSync(join(dist, "onnx-qdq"));
  writeFileSync(join(dist, "onnx-qdq/thesis.txt"), "years of work");
  expect(() => openOutputFolder(dist)).toThrow("holds onnx-qdq/thesis.txt, which vlm-export did not write");
  expect([content(), existsSync(join(dist, "onnx-qdq/thesis.txt")), readdirSync(parent)]).toEqual(["two", true, ["dist"]]);
});

test("a file is not replaced by a folder", () => {
  writeFileSync(dist, "mine");
  expect(() => openOutputFolder(dist)).toThrow("dist is a file");
  expect([readFileSync(dist, "utf8"), readdirSync(parent)]).toEqual(["mine", ["dist"]]);
});

test("parent folders are made; one that cannot be is a coded error", () => {
  dist = join(parent, "a/b/dist");
  publish("deep");
  expect(content()).toBe("deep");
  writeFileSync(join(parent, "file"), "");
  expect(() => openOutputFolder(join(parent, "file/dist"))).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-EMIT-WRITE" }) }),
  );
});

test("a link to a folder is followed, and stays", () => {
  const elsewhere = join(parent, "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, dist);
  publish("one");
  publish("two");
  expect(lstatSync(dist).isSymbolicLink()).toBe(true);
  expect([content(), readdirSync(elsewhere), readdirSync(parent)]).toEqual(["two", ["manifest.json"], ["dist", "elsewhere"]]);
});

test("a link to nothing is refused before any work", () => {
  symlinkSync(join(parent, "nowhere"), dist);
  expect(() => openOutputFolder(dist)).toThrow("is a link to nothing");
  expect(readdirSync(parent)).toEqual(["dist"]);
});

test("a folder that cannot be moved, as a mount point, is refused before any work", () => {
  publish("one");
  const { renameSync } = fs;
  fs.renameSync = () => {
    throw Object.assign(new Error("EBUSY: resource busy or locked"), { code: "EBUSY" });
  };
  syncBuiltinESMExports();
  try {
    expect(() => openOutputFolder(dist)).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({ code: "VX-EMIT-FOLDER-FIXED", hint: expect.stringContaining(join(dist, "dist")) }),
      }),
    );
  } finally {
    fs.renameSync = renameSync;
    syncBuiltinESMExports();
  }
  expect([content(), readdirSync(parent)]).toEqual(["one", ["dist"]]);
});

test.skipIf(process.platform === "win32")("the folder may be read by whom the umask lets", () => {
  publish("one");
  mkdirSync(join(parent, "plain"));
  expect(statSync(dist).mode).toBe(statSync(join(parent, "plain")).mode);
});

/** `action` while removing a tree fails wherever `refuses` says so of a path in it, as for users other than root. */
function whileRemovalFails(refuses: (path: string) => boolean, action: () => void): void {
  const { rmSync: remove } = fs;
  fs.rmSync = (path, options) => {
    const tree = existsSync(path) && statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : [];
    const all = [String(path), ...tree.map((name) => join(String(path), String(name)))];
    if (all.some(refuses))
      throw Object.assign(new Error(`EACCES: permission denied, rm '${String(path)}'`), { code: "EACCES", syscall: "rm" });
    remove(path, options);
  };
  syncBuiltinESMExports();
  try {
    action();
  } finally {
    fs.rmSync = remove;
    syncBuiltinESMExports();
  }
}

const isReadOnlyFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory() && (statSync(path).mode & 0o200) === 0;

test("an earlier output that was made read-only is replaced, and nothing of it stays", () => {
  publish("one");
  mkdirSync(join(dist, "onnx-qdq"));
  for (const path of [join(dist, "onnx-qdq"), dist]) chmodSync(path, 0o555);
  whileRemovalFails(isReadOnlyFolder, () => publish("two"));
  expect([content(), readdirSync(parent)]).toEqual(["two", ["dist"]]);
});

test("an earlier output that cannot be removed is a warning: that of this run is there, and later runs go on", () => {
  publish("one");
  const isOld = (path: string): boolean => path.endsWith(".old");
  const warnings: Diagnostic[] = [];
  whileRemovalFails(isOld, () => publish("two", warnings));
  const left = readdirSync(parent).find(isOld)!;
  expect(warnings).toEqual([
    expect.objectContaining({ code: "VX-EMIT-FOLDER-LEFT", severity: "warning", message: expect.stringContaining(join(parent, left)) }),
  ]);
  whileRemovalFails(
    (path) => path.endsWith(left),
    () => publish("three"),
  );
  expect([content(), readdirSync(parent).toSorted()]).toEqual(["three", [left, "dist"]]);
  publish("four");
  expect([content(), readdirSync(parent)]).toEqual(["four", ["dist"]]);
});

test("the names beside an output do not grow with its name", () => {
  for (const length of [90, 220, 255]) {
    dist = join(parent, "d".repeat(length));
    publish("one");
    const output = openOutputFolder(dist);
    expect(() => openOutputFolder(dist)).toThrow("being written by process");
    mkdirSync(output.scratch);
    for (const name of readdirSync(parent)) expect(name.length).toBeLessThanOrEqual(Math.max(143, length));
    output.abort();
    publish("two");
    expect([content(), readdirSync(parent)]).toEqual(["two", [basename(dist)]]);
    rmSync(dist, { recursive: true });
  }
});

test("a name that the file system does not take is a coded error before any work", () => {
  expect(() => openOutputFolder(join(parent, "d".repeat(300)))).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-EMIT-WRITE" }) }),
  );
  expect(readdirSync(parent)).toEqual([]);
});

test("files of failed artifacts go with the output that they belong to, and files of others beside them do not", () => {
  const publishRejected = (): void => {
    const output = openOutputFolder(dist);
    mkdirSync(join(output.staging, "rejected/tflite"), { recursive: true });
    writeFileSync(join(output.staging, "rejected/tflite/model.tflite"), "x");
    writeFileSync(join(output.staging, "manifest.json"), JSON.stringify({ tool: { name: "vlm-export" }, content: "failed" }));
    writeFileSync(
      join(output.staging, "report.json"),
      JSON.stringify({ targets: { tflite: { files: [{ path: "rejected/tflite/model.tflite" }] } } }),
    );
    output.commit();
    output.abort();
  };
  publishRejected();
  publishRejected();
  writeFileSync(join(dist, "rejected/notes.txt"), "mine");
  expect(() => openOutputFolder(dist)).toThrow("holds rejected/notes.txt, which vlm-export did not write");
  expect(existsSync(join(dist, "rejected/notes.txt"))).toBe(true);
});
