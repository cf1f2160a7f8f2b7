import { type Backend, type Decoded, defineBackend } from "@vlm-export/backend-api";
import nullBackend from "@vlm-export/backend-null";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { conformanceCases } from "../cases/cases.js";
import { tamper } from "./tamper.js";

const ops = standardOps();

/** The suite on a weight of 4 bits, which is written with all bits turned and decoded by `decode`. */
function check(decode: () => Promise<Decoded>) {
  const backend = defineBackend({
    ...(nullBackend as Backend),
    name: "turning",
    emit: (target, context) =>
      nullBackend.emit(target as never, {
        ...(context as Parameters<typeof nullBackend.emit>[1]),
        async createFile(path) {
          const file = await context.createFile(path);
          return { ...file, write: (chunk) => file.write(chunk.map((byte) => byte ^ 0xff)) };
        },
      }),
    decode,
  });
  const model = conformanceCases.find(({ name }) => name === "weight-only i4 per channel")!.build(ops);
  return tamper.check({ backend, ops, environment: {}, idleMs: 1000 }, model);
}

test("a decoder that has its answer from elsewhere than the files fails, even where no integers stand as they are", async () => {
  const graph = conformanceCases
    .find(({ name }) => name === "weight-only i4 per channel")!
    .build(ops)
    .components.get("main")!;
  const { data, type } = graph.value("w")!;
  const scale = Float32Array.from({ length: 32 }, (_, i) => (1 + (i % 13)) / 1024);
  const tensor = { component: "main", value: "w", storage: type.quant!.storage, scale, zeroPoint: [], reencoded: [], ints: data! };
  await expect(check(async () => ({ decoder: "memory", tensors: [tensor] }))).rejects.toThrow("though all files are empty");
});
