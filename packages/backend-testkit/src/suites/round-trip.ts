import { ConformanceError } from "../conformance-error.js";
import { emitCase } from "../emit-case.js";
import { proofOf } from "../proof-of.js";
import { passed, type Suite } from "./suite.js";

/** decode ∘ emit gives every integer, scale and zero point of the graph back, and the constants that the backend says it stores as they are. */
export const roundTrip: Suite = {
  name: "round-trip",
  async check(kit, model) {
    const { artifact, site, dispose } = await emitCase(kit, model);
    try {
      const proof = await proofOf(model, { artifact, site });
      const [first] = proof.diagnostics;
      if (first) throw new ConformanceError(`${first.where.value}: ${first.message}`);
      if (proof.tensorsCompared === 0) throw new ConformanceError("no tensor was compared");
      const lost = artifact.losses.length > 0 ? `, ${artifact.losses.length} lost` : "";
      return passed(`${proof.tensorsCompared} tensors and ${proof.constantsCompared ?? 0} plain constants equal${lost}`);
    } finally {
      dispose();
    }
  },
};
