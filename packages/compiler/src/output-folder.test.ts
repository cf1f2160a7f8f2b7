import fs, {
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
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOutputFolder } from "./output-folder.js";

let parent: string;
let dist: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "vlm-export-output-"));
  dist = join(parent, "dist");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function publish(content: string): void {
  const output = openOutputFolder(dist);
  writeFileSync(join(output.staging, "manifest.json"), JSON.stringify({ tool: { name: "vlm-export" }, content }));
  output.commit();
  output.abort();
}

const content = (): string => (JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8")) as { content: string }).content;

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
