"""Writes the public ONNX node tests, which the onnx wheel generates but no longer ships as files.

    .venv/bench-ort/bin/python test/oracles/onnx-node-cases.py [OUT = .cache/onnx-node-cases]

One folder a case:
  model.onnx
  case.json      {name, ops, opset, irVersion, rtol, atol, inputs, outputs}; an input or output is
                 {name, type, shape, file} with raw little-endian bytes in `file` (sub-byte types packed, low bits first),
                 or {name, type: "string", shape, strings}, or {name, kind: "sequence" | "optional" | "other"}
  input_k.bin, output_k.bin
and index.json, the list of folders.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases


def tensor_entry(name, value, folder, file):
    tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value))
    shape = list(tensor.dims)
    if tensor.data_type == TensorProto.STRING:
        return {"name": name, "type": "string", "shape": shape, "strings": [s.decode() for s in tensor.string_data]}
    if not tensor.HasField("raw_data"):
        tensor = numpy_helper.from_array(numpy_helper.to_array(tensor))
    (folder / file).write_bytes(tensor.raw_data)
    return {"name": name, "type": TensorProto.DataType.Name(tensor.data_type).lower(), "shape": shape, "file": file}


def value_entry(info, value, folder, file):
    kind = info.type.WhichOneof("value")
    if kind != "tensor_type" or isinstance(value, (list, tuple, dict)) or value is None:
        return {"name": info.name, "kind": {"sequence_type": "sequence", "optional_type": "optional"}.get(kind, "other")}
    return tensor_entry(info.name, value, folder, file)


def subgraph_ops(graph):
    for node in graph.node:
        yield node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}::{node.op_type}"
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from subgraph_ops(inner)


def write_case(case, out):
    folder = out / case.name
    folder.mkdir(parents=True)
    model = case.model
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    inputs, outputs = case.data_sets[0]
    entry = {
        "name": case.name, "ops": list(dict.fromkeys(subgraph_ops(model.graph))),
        "opset": {o.domain or "ai.onnx": o.version for o in model.opset_import}, "irVersion": model.ir_version,
        "rtol": case.rtol, "atol": case.atol,
        "inputs": [value_entry(i, v, folder, f"input_{k}.bin") for k, (i, v) in enumerate(zip(model.graph.input, inputs))],
        "outputs": [value_entry(i, v, folder, f"output_{k}.bin") for k, (i, v) in enumerate(zip(model.graph.output, outputs))],
    }
    (folder / "case.json").write_text(json.dumps(entry) + "\n")


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / ".cache/onnx-node-cases"
    shutil.rmtree(out, ignore_errors=True)
    warnings.simplefilter("ignore")
    np.random.seed(0)
    written, failed = [], {}
    for case in collect_testcases(None):
        try:
            write_case(case, out)
            written.append(case.name)
        except Exception as error:
            failed[case.name] = f"{type(error).__name__}: {error}"
            shutil.rmtree(out / case.name, ignore_errors=True)
    (out / "index.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": sorted(written)}, indent=0) + "\n")
    print(f"{out}: {len(written)} cases, {len(failed)} failed")
    for name, error in failed.items():
        print(f"  {name}: {error}")


main()
