import type { inspectModel } from "@vlm-export/compiler/inspect";
import { bytesText, printable, textTable } from "@vlm-export/ir";
import type { CommandModule } from "yargs";
import type { CommandSite } from "../command-site.js";

/** `inspect MODEL|DIST`: what a model file or an output folder holds; reads no weights. */
export function inspectCommand(site: CommandSite): CommandModule<object, { readonly path: string; readonly ir: boolean }> {
  return {
    command: "inspect <path>",
    describe: "show what a model file or an output folder holds, without reading weights",
    builder: (args) =>
      args
        .positional("path", { type: "string", demandOption: true, describe: "an .onnx file, or the folder that --out named" })
        .option("ir", { type: "boolean", default: false, describe: "print the normalized graph in the IR's text form" })
        .example("$0 inspect model.onnx", "inputs, outputs, operators, roles, parameters")
        .example("$0 inspect dist/ --json", "the manifest as JSON"),
    async handler({ path, ir }) {
      const { inspectModel, isOutputFolder } = await import("@vlm-export/compiler/inspect");
      if (isOutputFolder(path)) {
        const { inspectOutput } = await import("@vlm-export/compiler");
        const found = inspectOutput(path);
        const rows = found.targets.map(({ name, formatVersion, tensors, sizeBytes }) => [
          name,
          formatVersion,
          tensors,
          bytesText(sizeBytes),
        ]);
        return site.output.answer(textTable(["target", "format", "tensors", "size"], rows), found);
      }
      const found = await inspectModel(path, { ir, signal: site.signal, report: (diagnostic) => site.output.message(diagnostic) });
      site.output.answer(ir ? (found.text ?? "") : describe(found), found);
    },
  };
}

type Facts = Awaited<ReturnType<typeof inspectModel>>;

function describe(facts: Facts): string {
  const sections = facts.components.map((component) =>
    [
      `${printable(component.name)}: ${component.nodes} nodes, ${(component.parameters / 1e6).toFixed(3)} M parameters, ${bytesText(component.bytes)}`,
      textTable(
        ["input", "type"],
        component.inputs.map(({ name, type }) => [name, type]),
      ),
      textTable(
        ["output", "type"],
        component.outputs.map(({ name, type }) => [name, type]),
      ),
      textTable(
        ["operator", "count", "known"],
        component.operators.map(({ op, count, known }) => [op, count, known ? "" : "passes through"]),
      ),
      component.roles.length > 0
        ? textTable(
            ["role", "nodes"],
            component.roles.map(({ role, nodes }) => [role, nodes]),
          )
        : "",
    ]
      .filter(Boolean)
      .join("\n\n"),
  );
  return [printable(`${facts.name} (opset ${facts.opset ?? "?"}, ${facts.producer || "unknown producer"})`), ...sections].join("\n\n");
}
