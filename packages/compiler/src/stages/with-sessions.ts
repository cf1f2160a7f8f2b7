import type { Engine, EngineSession } from "@vlm-export/engine";

/** Runs `action`, which opens graphs on the engine; however it ends, the sessions are closed, and the engine after them. */
export async function withSessions<T>(
  engine: Pick<Engine, "openGraph" | "close">,
  action: (open: Engine["openGraph"]) => Promise<T>,
): Promise<T> {
  const sessions: EngineSession[] = [];
  try {
    return await action(async (source, options) => {
      const session = await engine.openGraph(source, options);
      sessions.push(session);
      return session;
    });
  } finally {
    await Promise.allSettled(sessions.map((session) => session.close()));
    engine.close();
  }
}
