import { expect, test } from "vitest";
import { floatAttribute, intsAttribute, onnxAttribute, onnxTensor, tensorType, textAttribute } from "./build.js";
import { openTensor } from "./tensor-size.js";
import { decodeAttribute, decodeType, encodeAttribute, encodeType } from "./single-messages.js";

test("an attribute is read back from its own bytes", () => {
  for (const attribute of [floatAttribute("a", 0.5), intsAttribute("__proto__", [1n, -(2n ** 63n)]), textAttribute("s", "é")]) {
    expect(decodeAttribute(encodeAttribute(attribute))).toEqual(attribute);
  }
});

test("a tensor attribute keeps its elements", () => {
  const bytes = Uint8Array.from([1, 2, 3, 4]);
  const back = decodeAttribute(encodeAttribute(onnxAttribute("t", { kind: "tensor", value: onnxTensor("", "u8", [4], bytes) })));
  expect(back.kind === "tensor" && openTensor(back.value).read()).toEqual(bytes);
});

test("a type is read back from its own bytes", () => {
  const type = { kind: "sequence", element: tensorType("f32", [1, "n", undefined]), denotation: "" } as const;
  expect(decodeType(encodeType(type))).toEqual(type);
});
