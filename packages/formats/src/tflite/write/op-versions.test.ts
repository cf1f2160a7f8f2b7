import { expect, test } from "vitest";
import { operatorVersion, type VersionedOperator } from "../index.js";
import type { TfliteType } from "../model.js";

function operator(op: string, types: readonly TfliteType[], rest: Partial<VersionedOperator> = {}): VersionedOperator {
  return {
    op,
    inputs: types.map((type) => ({ type, shape: [1, 2], scales: [] })),
    outputs: [{ type: types[0]!, shape: [1, 2], scales: [] }],
    ...rest,
  };
}

test.each([
  ["FULLY_CONNECTED", ["INT8", "INT8", "INT32"], 4],
  ["FULLY_CONNECTED", ["INT8", "INT8"], 6],
  ["FULLY_CONNECTED", ["INT8", "INT4", "INT32"], 10],
  ["FULLY_CONNECTED", ["INT8", "INT2", "INT32"], 14],
  ["FULLY_CONNECTED", ["FLOAT32", "FLOAT32", "FLOAT32"], 1],
  ["CONV_2D", ["INT8", "INT8", "INT32"], 3],
  ["SPLIT", ["INT32", "INT8"], 2],
  ["SUM", ["FLOAT32", "INT32"], 1],
  ["GATHER_ND", ["BOOL", "INT32"], 5],
  ["GATHER_ND", ["INT8", "INT32"], 1],
  ["TRANSPOSE_CONV", ["INT32", "INT8", "INT8", "INT32"], 3],
  ["TRANSPOSE_CONV", ["INT32", "INT8", "INT8"], 2],
  ["NO_SUCH_RULE", ["INT8"], 1],
] as const)("%s of %j is version %i", (op, types, version) => {
  expect(operatorVersion(operator(op, types))).toBe(version);
});

test("options, ranks and scales raise the version", () => {
  const fullyConnected = {
    kind: "FullyConnectedOptions",
    fusedActivationFunction: "NONE",
    weightsFormat: "DEFAULT",
    keepNumDims: true,
    asymmetricQuantizeInputs: false,
    quantizedBiasType: "FLOAT32",
  } as const;
  expect(operatorVersion(operator("FULLY_CONNECTED", ["INT8", "INT8", "INT32"], { options: fullyConnected }))).toBe(5);
  const rank6 = [{ type: "INT8" as const, shape: [1, 1, 1, 1, 1, 1], scales: [] }];
  expect(operatorVersion(operator("TRANSPOSE", ["INT8"], { inputs: rank6 }))).toBe(6);
  const scaled = (scale: number) => ({ type: "INT8" as const, shape: [1], scales: [scale] });
  expect(operatorVersion(operator("MUL", ["INT8", "INT8"], { inputs: [scaled(2), scaled(2)], outputs: [scaled(4)] }))).toBe(3);
  expect(operatorVersion(operator("MUL", ["INT8", "INT8"], { inputs: [scaled(2), scaled(2)], outputs: [scaled(5)] }))).toBe(2);
  const broadcast = [
    { type: "INT8" as const, shape: [1, 1, 1, 1, 2], scales: [] },
    { type: "INT8" as const, shape: [1], scales: [] },
  ];
  expect(operatorVersion(operator("SUB", ["INT8", "INT8"], { inputs: broadcast }))).toBe(3);
});
