import { compareDecoded } from "@vlm-export/verify";
import { emitCase } from "../emit-case.js";
import { ConformanceError, passed, type Suite } from "./suite.js";

/** decode ∘ emit gives every integer, scale and zero point of the graph back, and the constants that the backend says it stores as they are. */
export const roundTrip: Suite = {
  name: "round-trip",
  async check(kit, model) {
    const { artifact, site, dispose } = await emitCase(kit, model);
    try {
      const decoded = await kit.backend.decode(artifact, site.context);
      const proof = compareDecoded(kit.backend.name, model, decoded, artifact);
      const [first] = proof.diagnostics;
      if (first) throw new ConformanceError(`${first.where.value}: ${first.message}`);
      if (proof.tensorsCompared === 0) throw new ConformanceError("no tensor was compared");
      return passed(`${proof.tensorsCompared} tensors and ${proof.constantsCompared ?? 0} plain constants equal`);
    } finally {
      dispose();
    }
  },
};
