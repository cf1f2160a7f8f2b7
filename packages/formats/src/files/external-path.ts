import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import type { ByteRange } from "./byte-range.js";
import { externalDataMissing, externalDataPath, fileChanged, fileOpen } from "./errors.js";
import { type FilePool, isSystemError } from "./file-pool.js";

/** Names that Windows gives to devices whatever the folder and the extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * The real path of the file that `location`, a word of the untrusted model at `modelPath`, names.
 *
 * `location` is joined by its letters to the folder of `modelPath` as given, and links are followed only then; the
 * result must lie in that folder, or in the folder where the model file really is, or in the `blobs` folder of the
 * Hugging Face cache entry that holds the model. So a cache of links loads, and a link or `..` that leads elsewhere
 * does not. Hard links are accepted. Throws VX-IMPORT-EXTERNAL-PATH, -MISSING, VX-IMPORT-FILE-OPEN.
 */
export function resolveExternalPath(modelPath: string, location: string, platform: string = process.platform): string {
  const folder = dirname(resolve(modelPath));
  const named = join(folder, relativeLocation(modelPath, location, platform));
  const real = realPath(modelPath, location, named);
  if (!allowedFolders(modelPath, folder).some((root) => isInside(root, real))) {
    throw externalDataPath(modelPath, location, `leads to ${JSON.stringify(real)}, which is outside the model's folder`);
  }
  return real;
}

/**
 * The whole regular file that `location` names under the rule of {@link resolveExternalPath}; the rule is checked again
 * after opening, against a swap of links in between. Throws what that throws, VX-IMPORT-FILE-KIND and -CHANGED.
 */
export function openExternal(pool: FilePool, modelPath: string, location: string): ByteRange {
  const before = resolveExternalPath(modelPath, location);
  const range = pool.open(before);
  const after = resolveExternalPath(modelPath, location);
  if (before !== after) throw fileChanged(before, before, after);
  pool.confirm(after);
  return range;
}

/** `location` as a path that cannot climb, whatever the links on disk are. */
function relativeLocation(modelPath: string, location: string, platform: string): string {
  const refuse = (why: string) => externalDataPath(modelPath, location, why);
  if (location === "") throw refuse("is empty");
  if (location.includes("\0")) throw refuse("holds a NUL character");
  if (location.includes("\\")) throw refuse("holds a backslash; folders are separated by /");
  if (location.startsWith("/") || /^[a-z]:/i.test(location)) throw refuse("is absolute");
  const normal = posix.normalize(location);
  const segments = normal.split("/");
  if (segments.includes("..")) throw refuse("climbs out of the model's folder");
  if (normal === "." || normal.endsWith("/")) throw refuse("names a folder");
  if (platform === "win32" && segments.some((name) => name.includes(":") || WINDOWS_DEVICE.test(name))) {
    throw refuse("names a device or a stream");
  }
  return normal;
}

function realPath(modelPath: string, location: string, named: string): string {
  try {
    return realpathSync.native(named);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw error.code === "ENOENT" || error.code === "ENOTDIR" ? externalDataMissing(modelPath, location, error) : fileOpen(named, error);
  }
}

function allowedFolders(modelPath: string, folder: string): string[] {
  try {
    const blobs = cacheBlobs(folder);
    const roots = [realpathSync.native(folder), dirname(realpathSync.native(modelPath))];
    return blobs === undefined ? roots : [...roots, blobs];
  } catch (error) {
    throw isSystemError(error) ? fileOpen(modelPath, error) : error;
  }
}

/**
 * The folder `…/blobs` of the cache entry `…` if `folder` is `…/snapshots/<revision>` or below. A `blobs` that is itself
 * a link does not count: it could lead anywhere.
 */
function cacheBlobs(folder: string): string | undefined {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const snapshots = dirname(at);
    if (basename(snapshots) !== "snapshots") continue;
    const blobs = join(realpathSync.native(dirname(snapshots)), "blobs");
    const stats = lstatSync(blobs, { throwIfNoEntry: false });
    return stats?.isDirectory() === true ? blobs : undefined;
  }
  return undefined;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
