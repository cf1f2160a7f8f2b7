import { emitTfliteModel } from "../errors.js";
import type { TfliteModel, TfliteOperator, TfliteSignature, TfliteSubgraph } from "../model.js";

/** Throws VX-EMIT-TFLITE-MODEL where an index of the model points nowhere. */
export function checkIndices(model: TfliteModel): void {
  if (model.buffers[0]?.byteLength !== 0) throw emitTfliteModel("buffer 0 must be there and be empty");
  for (const subgraph of model.subgraphs) checkSubgraph(model, subgraph);
  for (const { name, buffer } of model.metadata) checkIndex(`metadata "${name}": buffer`, buffer, model.buffers.length);
  for (const signature of model.signatures) checkSignature(model, signature);
}

function checkSubgraph(model: TfliteModel, { tensors, operators, inputs, outputs }: TfliteSubgraph): void {
  for (const { name, buffer } of tensors) checkIndex(`tensor "${name}": buffer`, buffer, model.buffers.length);
  for (const index of [...inputs, ...outputs]) checkIndex("subgraph input or output", index, tensors.length);
  for (const operator of operators) checkOperator(model, operator, tensors.length);
}

function checkOperator(model: TfliteModel, { opcode, inputs, outputs }: TfliteOperator, tensors: number): void {
  checkIndex("operator code", opcode, model.operatorCodes.length);
  for (const index of inputs) if (index !== -1) checkIndex("operator input", index, tensors);
  for (const index of outputs) checkIndex("operator output", index, tensors);
}

function checkSignature(model: TfliteModel, { key, subgraph, inputs, outputs }: TfliteSignature): void {
  checkIndex(`signature "${key}": subgraph`, subgraph, model.subgraphs.length);
  const tensors = model.subgraphs[subgraph]?.tensors.length ?? 0;
  for (const { name, tensor } of [...inputs, ...outputs]) checkIndex(`signature "${key}": "${name}"`, tensor, tensors);
}

function checkIndex(what: string, index: number, count: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) throw emitTfliteModel(`${what} ${index} is outside 0..${count - 1}`);
}
