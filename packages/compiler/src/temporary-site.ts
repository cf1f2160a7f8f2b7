import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { type Artifact, type Backend, openSite, type TargetSite } from "@vlm-export/backend-api";
import { standardOps } from "@vlm-export/ops";
import { makeTemporaryFolder } from "@vlm-export/store";

export interface TemporarySiteOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** An artifact on disk and the options of the target that it was written with. */
export interface StoredArtifact {
  readonly artifact: Artifact;
  readonly options: object | undefined;
}

/** Runs hooks of a backend outside a compile, on an artifact that is there or on none, with a temporary folder that goes afterwards. Throws VX-EMIT-TEMPORARY. */
export async function withTemporarySite<T>(
  backend: Backend,
  stored: StoredArtifact | undefined,
  { environment, signal }: TemporarySiteOptions,
  action: (site: TargetSite) => Promise<T>,
): Promise<T> {
  const tmpRoot = makeTemporaryFolder(tmpdir(), "vlm-export-site-");
  let site: TargetSite | undefined;
  try {
    const dir = stored?.artifact.dir ?? tmpRoot;
    site = openSite({ backend, dir, tmpRoot, options: stored?.options, ops: standardOps(), environment, ...(signal && { signal }) });
    return await action(site);
  } finally {
    site?.dispose();
    rmSync(tmpRoot, { recursive: true, force: true });
  }
}
