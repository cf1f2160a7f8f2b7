import { expect, test } from "vitest";
import { type Key, keyText, parseKey } from "./key.js";

test.each<[Key, string]>([
  [{ file: "model.onnx", names: ["w#1_quantized"] }, "model.onnx#w#1_quantized"],
  [{ file: "model.onnx", names: ["[1]_quantized"] }, "model.onnx#[1]_quantized"],
  [{ file: "model.onnx", names: ["w", 'w"_1'] }, 'model.onnx#["w","w\\"_1"]'],
])("a key is read back as it was written: %j", (key, text) => {
  expect(keyText(key)).toBe(text);
  expect(parseKey(text)).toEqual(key);
});

test.each(["[w]", '["w"]', "[1, 2]"])("%s is one name", (name) => {
  expect(parseKey(`model.onnx#${name}`)).toEqual({ file: "model.onnx", names: [name] });
});
