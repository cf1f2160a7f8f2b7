import type { Diagnostic } from "./diagnostic.js";
import type { GraphEditor } from "./editor.js";
import type { Graph } from "./graph.js";
import type { OpRegistry } from "./op-def.js";

export interface PassContext {
  readonly ops: OpRegistry;
  report(diagnostic: Diagnostic): void;
  readonly signal?: AbortSignal;
}

/** One rewrite of a graph that the runner owns. `requires`/`ensures` are invariants that debug and test runs check before and after. */
export interface Pass {
  readonly name: `${string}/${string}`;
  requires?(graph: Graph): readonly Diagnostic[];
  run(edit: GraphEditor, context: PassContext): { readonly modified: boolean };
  ensures?(graph: Graph): readonly Diagnostic[];
}

/** Runs the passes in order, settling node order after each; `checkInvariants` also evaluates their requires/ensures. */
export function runPasses(
  edit: GraphEditor,
  passes: readonly Pass[],
  context: PassContext,
  options: { readonly checkInvariants?: boolean } = {},
): { readonly modified: boolean } {
  const check = (findings: readonly Diagnostic[] | undefined): void => {
    if (options.checkInvariants) findings?.forEach((finding) => context.report(finding));
  };
  let modified = false;
  for (const pass of passes) {
    context.signal?.throwIfAborted();
    check(pass.requires?.(edit.graph));
    modified = pass.run(edit, context).modified || modified;
    edit.settle();
    check(pass.ensures?.(edit.graph));
  }
  return { modified };
}
