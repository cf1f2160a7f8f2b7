import { IR_OPSET, operatorAt, operatorVersions, type OperatorVersion } from "@vlm-export/ops";
import { importOpForm } from "../errors.js";
import type { SourceNode } from "./rule.js";
import { ruleFor } from "./rules.js";

/**
 * Throws VX-IMPORT-OP-FORM when a node of the default domain has a form that the pinned opset does not have and that no rule
 * upgrades. Operators that ONNX does not know pass.
 */
export function checkForm(source: SourceNode, file: string): void {
  const { op, domain, opset, name } = source;
  if (domain !== "" || operatorVersions(op).length === 0 || ruleFor(source)) return;
  const pinned = operatorAt(op, IR_OPSET);
  const version = operatorAt(op, opset) ?? pinned;
  const why = !pinned || !version ? "does not exist" : differenceOf(source, version, pinned);
  if (why !== undefined)
    throw importOpForm(
      { file, node: name },
      op,
      `the form of opset ${opset} ${why} at opset ${IR_OPSET}`,
      `Export the model with opset_version=${IR_OPSET} or lower.`,
    );
}

/** Why a form is not one of the pinned version: undefined when it is. */
export function formDifference(version: OperatorVersion, pinned: OperatorVersion): string | undefined {
  if (version === pinned) return undefined;
  const input = version.inputs.find(({ name }, i) => pinned.inputs[i]?.name !== name);
  if (input) return `has the input ${input.name}, which is no input`;
  const added = pinned.inputs.find(({ optional, variadic }, i) => i >= version.inputs.length && !optional && !variadic);
  if (added) return `lacks the input ${added.name}, which is required`;
  for (const [name, { kind, fallback }] of version.attributes) {
    const now = pinned.attributes.get(name);
    if (now?.kind !== kind) return `has the attribute ${name} (${kind}), which is none`;
    if (JSON.stringify(now.fallback) !== JSON.stringify(fallback)) return `has another default of ${name}, which differs`;
  }
  return undefined;
}

/** For models newer than the pinned opset: what a node does not use may differ. */
function differenceOf(source: SourceNode, version: OperatorVersion, pinned: OperatorVersion): string | undefined {
  if (version.since <= pinned.since) return formDifference(version, pinned);
  const attributes = new Map([...version.attributes].filter(([name]) => pinned.attributes.has(name) || source.attrs[name] !== undefined));
  return formDifference({ ...version, attributes, inputs: version.inputs.slice(0, source.inputs.length) }, pinned);
}
