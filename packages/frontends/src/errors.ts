import { type Diagnostic, VxError } from "@vlm-export/ir";

/** Where in the source model an import error lies. */
export interface Place {
  readonly file: string;
  readonly node?: string;
  readonly value?: string;
}

interface Details {
  readonly hint?: string;
  readonly cause?: unknown;
}

function importError(code: `VX-IMPORT-${string}`, place: Place, message: string, details: Details = {}): VxError {
  const { hint, cause } = details;
  const diagnostic: Diagnostic = {
    code,
    severity: "error",
    message,
    ...(hint !== undefined && { hint }),
    where: { stage: "import", ...place },
  };
  return new VxError(diagnostic, cause === undefined ? {} : { cause });
}

/** A name as it goes into a message: quoted, and cut when an attacker made it long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

/** What of the file has no place in the IR and does not change what the model computes. */
export function importDropped(file: string, what: string): Diagnostic {
  return {
    code: "VX-IMPORT-DROPPED",
    severity: "info",
    message: `${what} of the model file is not kept: it does not take part in inference.`,
    where: { stage: "import", file },
  };
}

/** Graph inputs that were taken as the constants that they have as defaults. */
export function importInputDefault(file: string, names: readonly string[]): Diagnostic {
  return {
    code: "VX-IMPORT-INPUT-DEFAULT",
    severity: "info",
    message: `${names.length} graph inputs with a default (${firstNames(names)}) became constants.`,
    where: { stage: "import", file },
  };
}

/** Nodes that stay as they are although a rule knows their operator: what lies in them is not quantized. */
export function importOpaque(file: string, op: string, reason: string, nodes: readonly string[]): Diagnostic {
  const subject = nodes.length === 1 ? `node ${firstNames(nodes)} stays` : `${nodes.length} nodes (${firstNames(nodes)}) stay`;
  return {
    code: "VX-IMPORT-OPAQUE",
    severity: "warning",
    message: `${op}: ${subject} one operator: ${reason}. What it computes stays float, and only ONNX targets can hold it.`,
    hint: "Write the model without this fusion (switch it off in the tool that optimized the model), so that its parts are seen.",
    where: { stage: "import", file, node: nodes[0] as string },
  };
}

function firstNames(names: readonly string[]): string {
  return names.slice(0, 3).map(quoted).join(", ") + (names.length > 3 ? ", …" : "");
}

/** An attribute of another kind than the operator's schema has, or that an operator needs and the node lacks. */
export function importAttribute(place: Place, op: string, attribute: string, why: string): VxError {
  return importError("VX-IMPORT-ATTRIBUTE", place, `${op}: attribute ${quoted(attribute)} ${why}.`, {
    hint: "The exporter wrote an invalid node: export the model again with a newer exporter.",
  });
}

/** Nodes that feed each other in a ring. */
export function importCycle(place: Place): VxError {
  return importError(
    "VX-IMPORT-CYCLE",
    place,
    `the graph has a cycle through node ${quoted(place.node ?? "")}; a model graph must be acyclic.`,
    {
      hint: "Export the model again; a cycle cannot be run by any engine.",
    },
  );
}

/** An element type that exists in ONNX but that nothing here computes with. */
export function importDtype(place: Place, what: string): VxError {
  return importError("VX-IMPORT-DTYPE", place, `${what}.`, { hint: "Export the model with float32, float16 or bfloat16 tensors." });
}

/** The same name for two values of one graph. */
export function importDuplicateName(place: Place, kind: string, name: string): VxError {
  return importError("VX-IMPORT-DUPLICATE-NAME", place, `${kind} name ${quoted(name)} occurs twice; names must be unique in a graph.`, {
    hint: "Export the model again; a tool that merged two graphs may have forgotten to rename.",
  });
}

/** A model function that calls itself, directly or through others. */
export function importFunctionCycle(place: Place, chain: readonly string[]): VxError {
  return importError("VX-IMPORT-FUNCTION-CYCLE", place, `model functions call each other in a ring: ${chain.map(quoted).join(" → ")}.`, {
    hint: "A function that calls itself can never be expanded; export the model without functions.",
  });
}

/** A model function called with another number of operands than it has. */
export function importFunctionCall(place: Place, name: string, why: string): VxError {
  return importError("VX-IMPORT-FUNCTION-CALL", place, `call of model function ${quoted(name)}: ${why}.`, {
    hint: "Export the model again, or without functions.",
  });
}

/** Functions that expand to more nodes than any real model has. */
export function importLimit(place: Place, what: string, limit: number): VxError {
  return importError("VX-IMPORT-LIMIT", place, `the model expands to more than ${limit} ${what}.`, {
    hint: "Functions that call functions many times over grow without bound; export the model without functions.",
  });
}

/** A name that is read but that no input, initializer or node defines. */
export function importMissingValue(place: Place, name: string): VxError {
  return importError(
    "VX-IMPORT-MISSING-VALUE",
    { ...place, value: name },
    `value ${quoted(name)} is read, but no graph input, initializer or node produces it.`,
    { hint: "The model was cut or edited; export it again, or add the value as a graph input." },
  );
}

/** A negative extent in a declared shape. */
export function importNegativeDim(place: Place, extent: number): VxError {
  return importError(
    "VX-IMPORT-NEGATIVE-DIM",
    place,
    `value ${quoted(place.value ?? "")} has the negative extent ${extent}; expected 0 or more, or a symbol.`,
    { hint: "Export the model again; name extents that are not fixed." },
  );
}

/** A form of an operator that the pinned opset does not have and that no upgrade rule turns into one. */
export function importOpForm(place: Place, op: string, why: string, hint?: string): VxError {
  return importError("VX-IMPORT-OP-FORM", place, `${op}: ${why}.`, hint === undefined ? {} : { hint });
}

/** A model of an opset outside what is read. */
export function importOpset(place: Place, version: number, oldest: number, newest: number): VxError {
  return importError("VX-IMPORT-OPSET", place, `the model is written in opset ${version}; expected ${oldest} to ${newest}.`, {
    hint:
      version < oldest
        ? `Export with opset_version=${newest}, or convert with onnx.version_converter to ${oldest} or newer.`
        : `Export with opset_version=${newest}.`,
  });
}

/** A node of an operator set that the model does not import. */
export function importOpsetMissing(place: Place, op: string, domain: string): VxError {
  return importError(
    "VX-IMPORT-OPSET-MISSING",
    place,
    `${op} is of operator set ${quoted(domain || "ai.onnx")}, which the model does not import.`,
    {
      hint: "Export the model again; opset_import must name every operator set that the nodes use.",
    },
  );
}

/** A sparse initializer that does not say what it must, or is too large to be made dense. */
export function importSparse(place: Place, why: string): VxError {
  return importError("VX-IMPORT-SPARSE", place, `sparse initializer ${quoted(place.value ?? "")} ${why}.`, {
    hint: "Export the model with dense initializers.",
  });
}
