/**
 * Compares the public API of the packages that plugins build on with its recorded form, etc/*.api.md, so that no change of it goes
 * unseen. `npm run api` writes the new form, to be committed with the change. Reads the declarations in `dist`.
 */
import { mkdirSync } from "node:fs";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { root } from "./install.mjs";

const STABLE = ["ir", "backend-api", "backend-testkit"];
const write = process.argv.includes("--write");

const off = { logLevel: ExtractorLogLevel.None };
const error = { logLevel: ExtractorLogLevel.Error };
/** No rules of this house: release tags, a comment on every member, links that name the package's export where TypeScript needs less. */
const messages = {
  extractorMessageReporting: { default: error, "ae-missing-release-tag": off, "ae-undocumented": off, "ae-unresolved-link": off },
  tsdocMessageReporting: { default: off },
  compilerMessageReporting: { default: error },
};

mkdirSync(`${root}etc`, { recursive: true });
const failed = STABLE.filter((name) => !isAsRecorded(name));
if (failed.length > 0) process.stderr.write(`The public API of ${failed.join(", ")} is not as recorded. If that is meant: npm run api\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function isAsRecorded(name) {
  const folder = `${root}packages/${name}`;
  const configObject = {
    projectFolder: folder,
    mainEntryPointFilePath: "<projectFolder>/dist/index.d.ts",
    compiler: { tsconfigFilePath: "<projectFolder>/tsconfig.json" },
    apiReport: { enabled: true, reportFileName: `${name}.api.md`, reportFolder: `${root}etc`, reportTempFolder: `${root}.cache/api` },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages,
  };
  const config = ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath: `${folder}/package.json` });
  return Extractor.invoke(config, { localBuild: write, messageCallback: withoutNotice }).succeeded;
}

/** The version of its compiler, once for each package. */
function withoutNotice(message) {
  if (message.messageId === "console-preamble") message.handled = true;
}
