import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { f32Tensor } from "@vlm-export/ir";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadSamples, type SampleOptions } from "./index.js";
import { all, IMAGE, PNG, SampleFiles } from "./samples.fixture.js";

const LABELLED: SampleOptions = { ...IMAGE, labels: "required" };

let files: SampleFiles;
let root = "";
beforeAll(async () => {
  files = await SampleFiles.make();
  root = files.folder;
});
afterAll(() => files.remove());

/** A folder with these files, all of them the same picture. */
async function folderOf(name: string, files: readonly string[]): Promise<string> {
  const folder = path.join(root, name);
  for (const file of files) {
    const at = path.join(folder, file);
    await mkdir(path.dirname(at), { recursive: true });
    await writeFile(at, PNG);
  }
  return folder;
}

/** The files of the samples, seen from the folder. */
async function filesOf(folder: string, options: SampleOptions = IMAGE): Promise<readonly string[]> {
  return (await all(folder, options)).map(({ name }) => path.relative(folder, name).replaceAll(path.sep, "/"));
}

test("pictures come in order of name by code units, whatever the case of their endings; other and hidden files are left alone", async () => {
  const names = ["é.png", "b.png", "a10.png", "a2.png", "Z.JPEG", "c.webp", "d.gif", "e.tif", "f.tiff", "g.AVIF", "h.jpg"];
  const folder = await folderOf("flat", [...names, ".hidden.png", "notes.txt", "png", "a.png.bak", ".git/x.png"]);
  const order = ["Z.JPEG", "a10.png", "a2.png", "b.png", "c.webp", "d.gif", "e.tif", "f.tiff", "g.AVIF", "h.jpg", "é.png"];
  expect(await filesOf(folder)).toEqual(order);
  expect(await filesOf(folder, { ...IMAGE, limit: 2 })).toEqual(order.slice(0, 2));
  expect(await filesOf(`${folder}${path.sep}`, { ...IMAGE, limit: 1 })).toEqual(order.slice(0, 1));
  expect(await all(folder, { ...IMAGE, limit: 0 })).toEqual([]);
});

test("a picture of a folder is the sample that a line with it gives", async () => {
  const folder = await folderOf("same", ["a.png"]);
  await writeFile(path.join(root, "same.jsonl"), '{"image": "same/a.png"}');
  const [[fromFolder], [fromLine]] = await Promise.all([all(folder), all(path.join(root, "same.jsonl"))]);
  expect(fromFolder?.place).toEqual({ file: path.join(folder, "a.png") });
  expect(fromFolder?.tensors.get("pixels")?.bytes()).toEqual(fromLine?.tensors.get("pixels")?.bytes());
});

test("an .npz file of a folder gives the arrays in it", async () => {
  const folder = await folderOf("arrays", ["readme.png.txt"]);
  await files.npz(path.join("arrays", "a.NPZ"), new Map([["x", f32Tensor([1, 2], [2])]]));
  const [sample, ...others] = await all(folder, { inputs: [{ name: "x", type: { dtype: "f32", shape: [2] } }] });
  expect(sample?.tensors.get("x")?.shape).toEqual([2]);
  expect(others).toEqual([]);
});

test("sub-folders are classes, their samples come in turn, and deeper levels are not looked at", async () => {
  const files = [
    "dog/a.png",
    "dog/b.png",
    "dog/c.png",
    "cat/z.png",
    "cat/y.png",
    "owl/o.png",
    "owl/deep/p.png",
    "none/x.txt",
    ".trash/t.png",
  ];
  const folder = await folderOf("pets", [...files, "labels.txt"]);
  const order = ["cat/y.png", "dog/a.png", "owl/o.png", "cat/z.png", "dog/b.png", "dog/c.png"];
  expect(await filesOf(folder)).toEqual(order);
  for (const limit of [1, 4, 5, 6, 7]) expect(await filesOf(folder, { ...IMAGE, limit })).toEqual(order.slice(0, limit));
  expect((await all(folder)).every(({ label }) => label === undefined)).toBe(true);
  await writeFile(path.join(root, "pets-labels.json"), '["owl", "dog", "cat"]');
  expect((await all(folder, LABELLED)).map(({ label }) => label)).toEqual([2, 1, 0, 2, 1, 1]);
});

test("names of sub-folders are labels as the text of a line is: a name of the list, never an index", async () => {
  const folder = await folderOf("digits", ["1/a.png", "7/a.png"]);
  const place = { file: path.join(folder, "1", "a.png") };
  await expect(all(folder, LABELLED)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-LABEL", message: expect.stringContaining('label "1" is a name, and no list'), where: place },
  });
  const labelsFile = path.join(root, "digits.json");
  await writeFile(labelsFile, '["7", "1"]');
  expect((await all(folder, { ...LABELLED, labelsFile })).map(({ label }) => label)).toEqual([1, 0]);
  await writeFile(labelsFile, '["1", "77", "1"]');
  await expect(all(folder, { ...LABELLED, labelsFile })).rejects.toMatchObject({
    diagnostic: {
      code: "VX-CAL-LABEL",
      message: 'label "1" is the name of several classes: 0, 2.',
      hint: expect.stringContaining("write a JSONL"),
    },
  });
});

test("a flat folder has no labels to measure accuracy by", async () => {
  const folder = await folderOf("unlabelled", ["a.png"]);
  await expect(all(folder, LABELLED)).rejects.toMatchObject({
    diagnostic: {
      code: "VX-CAL-LABEL",
      message: "the file has no label, as it lies in no sub-folder.",
      hint: expect.stringContaining("sub-folders named like their classes"),
      where: { file: path.join(folder, "a.png") },
    },
  });
});

test("links to pictures and to sub-folders are followed; one that leads nowhere is told with its path", async () => {
  const pets = await folderOf("linked-to", ["cat/a.png", "cat/b.png"]);
  const folder = await folderOf("links", ["dog/a.png"]);
  await symlink(path.join(pets, "cat"), path.join(folder, "cat"));
  await symlink(path.join(pets, "cat", "b.png"), path.join(folder, "dog", "b.png"));
  await symlink("nowhere", path.join(folder, "lost"));
  expect(await filesOf(folder)).toEqual(["cat/a.png", "dog/a.png", "cat/b.png", "dog/b.png"]);
  const lost = path.join(folder, "dog", "lost.png");
  await symlink("nowhere", lost);
  await expect(loadSamples(folder, IMAGE)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-FILE", message: expect.stringContaining("there is no such file"), where: { file: lost } },
  });
});

test("samples at the top and in sub-folders are refused", async () => {
  await expect(loadSamples(await folderOf("mixed", ["b.png", "cat/a.png"]), IMAGE)).rejects.toMatchObject({
    diagnostic: {
      code: "VX-CAL-SOURCE",
      message: `the folder has samples both at its top ("b.png") and in sub-folders (${JSON.stringify(path.join("cat", "a.png"))}).`,
      where: { file: path.join(root, "mixed") },
    },
  });
});

test.each([
  ["nothing at all", []],
  ["other files", ["a.txt", "b.npy", "cat/c.txt"]],
  ["pictures too deep", ["a/b/c.png"]],
])("a folder of %s is refused with the endings that are looked for", async (what, files) => {
  const folder = await folderOf(`no samples: ${what}`, files);
  await mkdir(folder, { recursive: true });
  await expect(loadSamples(folder, IMAGE)).rejects.toMatchObject({
    diagnostic: {
      code: "VX-CAL-EMPTY",
      message: "the folder has no samples.",
      hint: expect.stringContaining(".png, .jpg, .jpeg, .webp, .gif, .tif, .tiff, .avif, .npz"),
      where: { file: folder },
    },
  });
});

test("a picture that is damaged, or goes away once the folder was read, is told with its path", async () => {
  const folder = await folderOf("changing", ["a.png", "b.png"]);
  const file = path.join(folder, "b.png");
  const set = await loadSamples(folder, IMAGE);
  const read = async (): Promise<void> => {
    for await (const { tensors } of set) expect(tensors.size).toBe(1);
  };
  await writeFile(file, (await readFile(file)).subarray(0, 40));
  await expect(read()).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-IMAGE", hint: expect.stringContaining("take it out of the folder"), where: { file } },
  });
  await rm(file);
  await expect(read()).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-FILE", message: expect.stringContaining("there is no such file"), where: { file } },
  });
});

test("a picture as data set is told to name its folder", async () => {
  const folder = await folderOf("one", ["a.gif"]);
  await expect(loadSamples(path.join(folder, "a.gif"), IMAGE)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-SOURCE", hint: expect.stringContaining("Name the folder that it lies in") },
  });
});
