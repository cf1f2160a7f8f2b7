import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Backend, contractProblems } from "@vlm-export/backend-api";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { Origin, Recipe } from "@vlm-export/recipe";
import { pluginDuplicate, pluginAbsent, pluginLoad } from "./errors.js";
import { located } from "./located.js";

const KEYWORD = "vlm-export-backend";
/** Package names that may be backends; the keyword decides. */
const CANDIDATE = /^(?:vlm-export-backend-|backend-)/;

/** A backend and the package or file that provides it. */
export interface FoundBackend {
  readonly backend: Backend;
  readonly from: string;
  readonly version: string;
}

/** A plugin that was found and cannot be used. */
export interface BrokenPlugin {
  /** Of its package, else the path. */
  readonly name: string;
  readonly path: string;
  /** Why, and what to do. */
  readonly diagnostic: Diagnostic;
}

export interface DiscoverOptions {
  /** Packages or files that are backends whatever their name; one that does not load ends the search. */
  readonly plugins?: readonly string[];
  /** Places by `plugins.` and the plugin, such as a recipe's origins: a plugin that cannot be used is told with its place. */
  readonly origins?: Recipe["origins"];
  /** Hears of installed plugins that do not load, which are then left out; without it the first one ends the search. */
  onBroken?(broken: BrokenPlugin): void;
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly keywords?: readonly string[];
}

/**
 * All backends of the node_modules folders above each root (npm packages named `vlm-export-backend-*`, `@scope/vlm-export-backend-*`
 * or `@scope/backend-*` with keyword `vlm-export-backend`) and those named as plugins. Built-in ones are found the same way.
 * Throws VX-PLUGIN-LOAD, VX-PLUGIN-DUPLICATE.
 */
export async function discoverBackends(
  roots: readonly string[],
  { plugins = [], origins = new Map(), onBroken }: DiscoverOptions = {},
): Promise<ReadonlyMap<string, FoundBackend>> {
  const found = new Map<string, FoundBackend>();
  for (const source of installed(roots))
    try {
      await addBackend(found, source);
    } catch (error) {
      if (!onBroken || !(error instanceof VxError)) throw error;
      onBroken({ name: readPackage(source).name ?? source, path: source, diagnostic: error.diagnostic });
    }
  for (const plugin of plugins) await addNamed(found, plugin, roots, origins.get(`plugins.${plugin}`));
  return found;
}

/** Folders of the packages with the keyword; of those with one name the nearest. */
function installed(roots: readonly string[]): Iterable<string> {
  const folders = new Map<string, string>();
  for (const folder of roots.flatMap(packageFolders)) {
    const { name, keywords } = readPackage(folder);
    if (name !== undefined && keywords?.includes(KEYWORD) && !folders.has(name)) folders.set(name, folder);
  }
  return folders.values();
}

async function addNamed(
  found: Map<string, FoundBackend>,
  plugin: string,
  roots: readonly string[],
  origin: Origin | undefined,
): Promise<void> {
  try {
    await addBackend(found, resolvePlugin(plugin, roots));
  } catch (error) {
    throw error instanceof VxError && typeof origin === "object" ? located(error, origin) : error;
  }
}

async function addBackend(found: Map<string, FoundBackend>, source: string): Promise<void> {
  const loaded = await loadBackend(source);
  const known = found.get(loaded.backend.name);
  if (known && known.backend !== loaded.backend) throw pluginDuplicate(loaded.backend.name, known.from, loaded.from);
  found.set(loaded.backend.name, loaded);
}

const WHERE_PATHS_START = "Check the path: in a recipe it starts from the recipe's folder, on the command line from the working folder.";

/** Loads one backend from a package folder or a module file. Throws VX-PLUGIN-LOAD. */
export async function loadBackend(path: string): Promise<FoundBackend> {
  if (!existsSync(path)) throw pluginAbsent(path, "no such file or folder", WHERE_PATHS_START);
  const isFolder = statSync(path).isDirectory();
  const entry = isFolder ? entryOf(path) : path;
  const module = await import(pathToFileURL(entry).href).then(
    (loaded: { readonly default?: unknown }) => loaded,
    (error: unknown) => {
      throw pluginLoad(path, error instanceof Error ? error.message : String(error), error);
    },
  );
  const problems = problemsOf(module.default);
  if (problems.length > 0) throw pluginLoad(path, `its default export is not a backend of API version 1: ${problems.join("; ")}`);
  const { name, version } = isFolder ? readPackage(path) : {};
  return { backend: module.default as Backend, from: name ?? path, version: version ?? "0" };
}

/** The export may be anything, even what throws when it is looked at. */
function problemsOf(candidate: unknown): readonly string[] {
  try {
    return contractProblems(candidate);
  } catch (error) {
    return [`it throws when it is read: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function packageFolders(root: string): readonly string[] {
  return foldersAbove(root).flatMap((folder) => {
    const modules = join(folder, "node_modules");
    const scopes = namesIn(modules).filter((name) => name.startsWith("@"));
    return [modules, ...scopes.map((scope) => join(modules, scope))].flatMap((parent) =>
      namesIn(parent)
        .filter((name) => CANDIDATE.test(name))
        .map((name) => join(parent, name)),
    );
  });
}

/** The folder and all above it, nearest first. */
function foldersAbove(folder: string): readonly string[] {
  const path = resolve(folder);
  return path === dirname(path) ? [path] : [path, ...foldersAbove(dirname(path))];
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function readPackage(folder: string): PackageJson {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;
  } catch {
    return {};
  }
}

/** An absolute path is taken as it is; a name is looked for in the node_modules folders above the roots. */
function resolvePlugin(plugin: string, roots: readonly string[]): string {
  if (isAbsolute(plugin)) return plugin;
  const places = roots.flatMap(foldersAbove).map((folder) => join(folder, "node_modules", plugin));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    const hint = `Run \`npm install ${plugin}\` in this folder, or write ./${plugin} where it is a file.`;
    throw pluginAbsent(plugin, "no package of that name is installed", hint);
  }
  return found;
}

/** The module that `import` of the package would load: `exports["."]` or `main`. */
function entryOf(folder: string): string {
  const { exports: exported, main } = readPackage(folder) as { readonly exports?: unknown; readonly main?: string };
  const relative =
    conditionalEntry(typeof exported === "object" && exported !== null && "." in exported ? exported["."] : exported) ?? main ?? "index.js";
  return join(folder, relative);
}

function conditionalEntry(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (typeof entry !== "object" || entry === null) return undefined;
  const conditions = entry as Readonly<Record<string, unknown>>;
  return conditionalEntry(conditions["import"] ?? conditions["node"] ?? conditions["default"]);
}
