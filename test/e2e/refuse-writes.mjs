/** Preloaded with --import: every write below the folder REFUSE_BELOW fails as on a read-only file system. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const below = process.env.REFUSE_BELOW;

for (const name of ["mkdirSync", "mkdtempSync", "writeFileSync", "linkSync", "renameSync", "openSync"]) {
  const original = fs[name];
  fs[name] = function (path, ...rest) {
    const reads = name === "openSync" && (rest[0] === undefined || rest[0] === "r");
    if (String(path).startsWith(below) && !reads)
      throw Object.assign(new Error(`EROFS: read-only file system, ${name} '${path}'`), { code: "EROFS", syscall: name, errno: -30, path });
    return original.call(this, path, ...rest);
  };
}
syncBuiltinESMExports();
