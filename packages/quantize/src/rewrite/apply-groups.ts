import type { QuantGroup } from "@vlm-export/recipe";
import type { RealRange } from "../calibrators/calibrator.js";
import { groupSpec, rankOf } from "./group-spec.js";
import { type RewriteSite, rewire, twinOf } from "./rewrite-site.js";

/** Gives every value of the group its QuantSpec, and puts one `vlm::Quantize` in front of the edges that need one. */
export function applyGroup(site: RewriteSite, group: QuantGroup, range: RealRange | undefined): void {
  for (const planned of group.values) {
    const value = twinOf(site, planned);
    site.edit.retype(value, { ...value.type, quant: groupSpec(group, range, rankOf(value)) });
  }
  for (const { value: planned, edges } of group.splits) {
    const value = twinOf(site, planned);
    const { quant: _other, ...type } = value.type;
    const [quantized] = site.edit.insert(
      "vlm::Quantize",
      [value],
      {},
      {
        name: `${value.name}_to_${group.request.storage}`,
        outputs: [site.edit.freshName(`${value.name}_${group.request.storage}`)],
        types: [{ ...type, quant: groupSpec(group, range, rankOf(value)) }],
        origin: value.producer?.origin ?? [],
        ...(value.producer?.role !== undefined && { role: value.producer.role }),
      },
    );
    if (quantized) rewire(site, edges, quantized);
  }
}
