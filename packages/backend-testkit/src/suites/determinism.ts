import { modelHash } from "@vlm-export/ir";
import { ConformanceError } from "../conformance-error.js";
import { emitCase } from "../emit-case.js";
import { passed, type Suite } from "./suite.js";

/** The same model gives the same bytes, and the model that was handed in is not changed. */
export const determinism: Suite = {
  name: "determinism",
  async check(kit, model) {
    const before = modelHash(model);
    const first = await emitCase(kit, model);
    const second = await emitCase(kit, model);
    try {
      const hashes = ({ artifact }: typeof first): string => JSON.stringify(artifact.files);
      if (hashes(first) !== hashes(second)) throw new ConformanceError("two runs wrote different bytes");
      if (modelHash(model) !== before) throw new ConformanceError("a hook changed the model");
      return passed(`${first.artifact.files.length} files`);
    } finally {
      first.dispose();
      second.dispose();
    }
  },
};
