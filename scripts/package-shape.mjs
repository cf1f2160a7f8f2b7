/**
 * Packs every package and looks at the tarballs as a registry's users get them: publint on package.json, exports and files, Are the
 * Types Wrong on what their TypeScript resolves. One process for all packages: the command of the latter takes 6 s for each.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { packAll } from "./pack.mjs";

/** What an ESM package need not serve: the resolutions that `attw --profile esm-only` leaves out. */
const NOT_SERVED = ["node10", "node16-cjs"];

const folder = mkdtempSync(join(tmpdir(), "vlm-export-packed-"));
let tarballs = 0;
let problems = 0;
try {
  for (const tarball of packAll(folder)) {
    tarballs += 1;
    const found = await problemsOf(readFileSync(tarball));
    problems += found.length;
    for (const problem of found) process.stderr.write(`${basename(tarball)}: ${problem}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${tarballs} packages, ${problems} problems of package.json, exports or types\n`);
process.exitCode = problems === 0 && tarballs > 0 ? 0 : 1;

async function problemsOf(tarball) {
  const data = new Uint8Array(tarball);
  const { messages, pkg } = await publint({ pack: { tarball: data.buffer }, strict: true });
  const { types, problems: resolution = [] } = await checkPackage(createPackageFromTarballData(data));
  return [
    ...messages.map((message) => `publint: ${formatMessage(message, pkg)}`),
    ...(types ? [] : ["types: the tarball has none"]),
    ...resolution
      .filter(({ resolutionKind }) => !NOT_SERVED.includes(resolutionKind))
      .map((problem) => `types: ${JSON.stringify(problem)}`),
  ];
}
