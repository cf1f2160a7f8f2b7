import { createEngine, type Engine, type GraphSource } from "@vlm-export/engine";
import { GraphEditor, VxError } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { withSessions } from "./with-sessions.js";

function relu(): GraphSource {
  const edit = new GraphEditor(standardOps(), "g");
  const [y] = edit.insert("Relu", [edit.addInput("x", { dtype: "f32", shape: [2] })]);
  if (y) edit.addOutput(y);
  return { graph: edit.graph, ops: standardOps() };
}

/** The engine, and what was closed of it, in order. */
async function watched(): Promise<{ readonly engine: Engine; readonly closed: readonly string[] }> {
  const engine = await createEngine();
  const closed: string[] = [];
  return {
    closed,
    engine: {
      ...engine,
      async openGraph(...given) {
        const session = await engine.openGraph(...given);
        return {
          ...session,
          async close() {
            await session.close();
            closed.push("session");
          },
        };
      },
      close() {
        engine.close();
        closed.push("engine");
      },
    },
  };
}

test("sessions are closed before the engine, whether the work is done or fails", async () => {
  for (const fails of [false, true]) {
    const { engine, closed } = await watched();
    const worked = withSessions(engine, async (open) => {
      const session = await open(relu());
      await open(relu());
      return fails ? session.run(new Map()) : "done";
    });
    const end = await worked.catch((error: unknown) => (error instanceof VxError ? error.diagnostic.code : error));
    expect([end, closed]).toEqual([fails ? "VX-ENGINE-INPUT-MISSING" : "done", ["session", "session", "engine"]]);
  }
});
