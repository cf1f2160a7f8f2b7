import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What the contributor can do something about. */
export class ScaffoldError extends Error {}

/** The changes of one scaffold, of files under `root`, kept in memory until all of them are known to be possible. */
export function openTree(root) {
  const texts = new Map();
  const read = (path) => texts.get(path) ?? readFileSync(join(root, path), "utf8");
  return {
    read,
    create(path, text) {
      if (existsSync(join(root, path))) throw new ScaffoldError(`${path} exists already.`);
      texts.set(path, text);
    },
    change: (path, edit) => texts.set(path, edit(read(path), path)),
    /** Gives the paths that it wrote. */
    write() {
      for (const [path, text] of texts) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      return [...texts.keys()];
    },
  };
}

/** The template beside this file with every `{{word}}` replaced. */
export function filled(template, words) {
  const text = readFileSync(new URL(template, import.meta.url), "utf8");
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, word) => words[word]);
}

/** An edit that puts `text` in the place of `pattern`, which must be there. */
export function replacing(pattern, text) {
  return (before, path) => {
    const after = before.replace(pattern, text);
    if (after === before) throw new Error(`${path}: found no ${pattern}`);
    return after;
  };
}

/** An edit that adds a line to those that `pattern` (one line, no flags) matches, in their alphabetical order. */
export function addingLine(pattern, line) {
  return (before, path) => {
    const lines = before.split("\n");
    const places = [...lines.keys()].filter((i) => pattern.test(lines[i]));
    if (places.length === 0) throw new Error(`${path}: found no line like ${pattern}`);
    const next = places.find((i) => lines[i].toLowerCase() > line.toLowerCase()) ?? places.at(-1) + 1;
    return lines.toSpliced(next, 0, line).join("\n");
  };
}

/** `fuse-quick-gelu` → `fuseQuickGelu`. */
export const camel = (name) => name.replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** Refuses what is no file name of this house. */
export function checkKebab(name, example) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new ScaffoldError(`"${name}" is no name in kebab case, such as ${example}.`);
}
