import { IR_OPSET, operatorAt, operatorVersions, type OperatorVersion } from "@vlm-export/ops";
import { importOpForm, importOpset } from "../errors.js";
import type { SourceNode } from "./rule.js";
import { ruleFor } from "./rules.js";

/** Oldest opset that the upgrade rules start from. Operators that did not change since are read from older ones too. */
export const OLDEST_OPSET = 7;

/**
 * Throws VX-IMPORT-OP-FORM when a node of the default domain has a form that the pinned opset does not have and that no rule
 * upgrades. Operators that ONNX does not know pass.
 */
export function checkForm(source: SourceNode, file: string): void {
  const { op, domain, opset, name } = source;
  if (domain !== "" || operatorVersions(op).length === 0) return;
  if (ruleFor(source)) {
    if (opset < OLDEST_OPSET) throw importOpset({ file, node: name }, opset, OLDEST_OPSET, IR_OPSET);
    return;
  }
  const pinned = irForm(op);
  const version = operatorAt(op, opset) ?? pinned;
  const why = !pinned || !version ? "has no successor" : differenceOf(source, version, pinned);
  if (why !== undefined)
    throw importOpForm(
      { file, node: name },
      op,
      `the form of opset ${opset} ${why} at opset ${IR_OPSET}`,
      `Export the model with opset_version=${IR_OPSET} or lower.`,
    );
}

/** The form that the IR has of an operator: of the pinned opset, or the first one of an operator that came later. */
function irForm(op: string): OperatorVersion | undefined {
  const [first] = operatorVersions(op);
  return operatorAt(op, IR_OPSET) ?? (first && first.since > IR_OPSET ? first : undefined);
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
