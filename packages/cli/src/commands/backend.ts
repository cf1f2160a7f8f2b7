import { textTable } from "@vlm-export/ir";
import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";
import { surveyBackends } from "../common.js";
import { EXIT } from "../exit-codes.js";
import { wordMissing } from "../usage.js";

/** `backend list` and `backend test PATH`. */
export function backendCommand(site: CommandSite): CommandModule {
  return {
    command: "backend <command>",
    describe: "list the backends, or run the conformance kit on one",
    builder: (args) =>
      args
        .command(listCommand(site) as CommandModule)
        .command(testCommand(site) as CommandModule)
        .demandCommand(1, wordMissing("backend")),
    handler: () => undefined,
  };
}

function listCommand(site: CommandSite): CommandModule {
  return {
    command: "list",
    describe: "all backends that were found",
    builder: (args) => args.example("$0 backend list", ""),
    async handler() {
      const { backends, broken } = await surveyBackends();
      for (const { diagnostic } of broken) site.output.message(diagnostic);
      const rows = [...backends].map(([name, { from, version, backend }]) => ({
        name,
        package: from,
        version,
        apiVersion: backend.apiVersion,
        weights: backend.capabilities.weights,
        activations: backend.capabilities.activations,
        runs: backend.open !== undefined,
      }));
      site.output.answer(
        textTable(
          ["backend", "package", "weights", "activations", "runs here"],
          [
            ...rows.map((row) => [
              row.name,
              `${row.package} ${row.version}`,
              row.weights.join(" "),
              row.activations.join(" "),
              row.runs ? "yes" : "no engine",
            ]),
            ...broken.map(({ name, path }) => [name, path, "", "", "does not load"]),
          ],
        ),
        { backends: rows, broken },
      );
    },
  };
}

function testCommand(site: CommandSite): CommandModule<object, { readonly path: string }> {
  return {
    command: "test <path>",
    describe: "run the conformance kit on a backend: a package folder, a module file, or the name of a backend that was found",
    builder: (args) => args.positional("path", { type: "string", demandOption: true }).example("$0 backend test ./my-backend", ""),
    async handler({ path }) {
      const [{ loadBackend }, { testBackend }] = await Promise.all([import("@vlm-export/compiler"), import("@vlm-export/backend-testkit")]);
      const { backend } = (await surveyBackends()).backends.get(path) ?? (await loadBackend(path));
      site.running.backend = backend.name;
      const results = await testBackend(backend, { environment: process.env, signal: site.signal });
      const count = (wanted: (typeof results)[number]["status"]): number => results.filter(({ status }) => status === wanted).length;
      const [passed, failed, rejected, notRun] = [count("passed"), count("failed"), count("rejected"), count("not-run")];
      if (failed > 0) site.exitCode = EXIT.verify;
      const rows = results.map(({ suite, name, status, detail }) => [suite, name, status, detail ?? ""]);
      site.output.answer(
        `${textTable(["suite", "case", "status", "detail"], rows)}\n${passed} passed, ${failed} failed, ${rejected} rejected by the backend's rules, ${notRun} not run`,
        { backend: backend.name, results, passed, failed, rejected, notRun },
      );
    },
  };
}
