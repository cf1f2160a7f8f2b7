import { type Backend, defineBackend } from "@vlm-export/backend-api";

/** A backend that writes no file and takes these options. */
export function bareBackend(
  name: string,
  properties: object,
  decode: Backend["decode"] = async () => ({ decoder: "test 1", tensors: [] }),
): Backend {
  return defineBackend<unknown, unknown>({
    name,
    apiVersion: 1,
    capabilities: {
      units: ["cpu"],
      weights: [],
      activations: [],
      granularities: [],
      blockSizes: [],
      rules: [],
      optionsSchema: { type: "object", additionalProperties: false, properties },
    },
    lower: () => undefined,
    emit: async () => ({ formatVersion: "1", tensors: [] }),
    decode,
  });
}
