"""Writes packages/ops/data/op-versions.json: every version of every operator of the default ONNX domain.

Run with the interpreter of .venv/bench-ort (test/bench/setup-peers.mjs makes it):
    .venv/bench-ort/bin/python test/oracles/op-versions.py [OUT.json]

Document (one operator a line):
  source        package and version the table was read from, newest opset and IR version
  irOfOpset     opset -> lowest IR version that may carry it
  typeSets      lists of types, referred to by index; a type is a dtype name ("f32"), "seq(f32)", "optional(f32)" ...
  ops           operator -> versions, oldest first
A version:
  since         opset from which it holds (until the next version's `since`)
  deprecated    true where the operator ended with this version
  inputs        [{name, type, optional?, variadic?, minArity?, heterogeneous?}], type = key of `types`
  minInputs / maxInputs, minOutputs / maxOutputs   null = unbounded; equal to the list's lengths when left out
  outputs       as inputs
  types         type variable -> index into typeSets
  attrs         attribute -> {type, required?, default?}
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import defs, helper

UNBOUNDED = 2**31 - 1
DTYPE_NAMES = {
    "float": "f32", "float16": "f16", "bfloat16": "bf16", "double": "f64",
    "float8e4m3fn": "f8e4m3", "float8e4m3fnuz": "f8e4m3fnuz", "float8e5m2": "f8e5m2", "float8e5m2fnuz": "f8e5m2fnuz",
    "float8e8m0": "f8e8m0", "float6e2m3": "f6e2m3", "float6e3m2": "f6e3m2", "float4e2m1": "f4e2m1",
    "int64": "i64", "int32": "i32", "int16": "i16", "int8": "i8", "int4": "i4", "int2": "i2",
    "uint64": "u64", "uint32": "u32", "uint16": "u16", "uint8": "u8", "uint4": "u4", "uint2": "u2",
    "bool": "bool", "string": "string", "complex64": "c64", "complex128": "c128",
}


def type_name(text):
    """"seq(tensor(float))" -> "seq(f32)"."""
    for wrapper in ("seq", "optional", "map"):
        if text.startswith(wrapper + "("):
            return f"{wrapper}({type_name(text[len(wrapper) + 1 : -1])})"
    if text.startswith("tensor("):
        return DTYPE_NAMES[text[len("tensor(") : -1]]
    raise ValueError(f"unknown type {text}")


def attribute_type(kind):
    return {"FLOAT": "float", "INT": "int", "STRING": "string", "FLOATS": "floats", "INTS": "ints", "STRINGS": "strings",
            "TENSOR": "tensor", "TENSORS": "tensors", "GRAPH": "graph", "GRAPHS": "graphs", "SPARSE_TENSOR": "sparse-tensor",
            "SPARSE_TENSORS": "sparse-tensors", "TYPE_PROTO": "type", "TYPE_PROTOS": "types"}[kind]


def json_value(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float):
        short = float(np.format_float_positional(np.float32(value), unique=True, trim="0"))
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    if isinstance(value, (list, tuple)) or type(value).__name__.startswith("Repeated"):
        return [json_value(item) for item in value]
    if isinstance(value, int):
        return value
    raise ValueError(f"default of type {type(value)}")


def attribute_entry(attribute):
    entry = {"type": attribute_type(attribute.type.name)}
    if attribute.required:
        entry["required"] = True
    if attribute.default_value.type != onnx.AttributeProto.UNDEFINED:
        entry["default"] = json_value(helper.get_attribute_value(attribute.default_value))
    return entry


class TypeSets:
    def __init__(self):
        self.index = {}

    def of(self, types):
        return self.index.setdefault(tuple(sorted(type_name(t) for t in types)), len(self.index))


def parameter_entry(parameter, variables, type_sets):
    entry = {"name": parameter.name, "type": parameter.type_str}
    if parameter.type_str not in variables:
        variables[parameter.type_str] = type_sets.of(parameter.types)
        entry["type"] = parameter.type_str
    if parameter.option == defs.OpSchema.FormalParameterOption.Optional:
        entry["optional"] = True
    if parameter.option == defs.OpSchema.FormalParameterOption.Variadic:
        entry["variadic"] = True
        entry["minArity"] = parameter.min_arity
        if not parameter.is_homogeneous:
            entry["heterogeneous"] = True
    return entry


def bound(count):
    return None if count == UNBOUNDED else count


def version_entry(schema, type_sets):
    variables = {c.type_param_str: type_sets.of(c.allowed_type_strs) for c in schema.type_constraints}
    entry = {"since": schema.since_version}
    if schema.deprecated:
        entry["deprecated"] = True
    for side in ("input", "output"):
        parameters = [parameter_entry(p, variables, type_sets) for p in getattr(schema, side + "s")]
        entry[side + "s"] = parameters
        for limit in ("min", "max"):
            count = bound(getattr(schema, f"{limit}_{side}"))
            if count != len(parameters):
                entry[f"{limit}{side.capitalize()}s"] = count
    # A literal type such as tensor(int64) becomes a variable of its own, named by its dtype.
    rename = {name: type_name(name) for name in variables if "(" in name}
    for parameter in entry["inputs"] + entry["outputs"]:
        parameter["type"] = rename.get(parameter["type"], parameter["type"])
    entry["types"] = {rename.get(name, name): index for name, index in variables.items()}
    attributes = {name: attribute_entry(a) for name, a in sorted(schema.attributes.items())}
    if attributes:
        entry["attrs"] = attributes
    return entry


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "packages/ops/data/op-versions.json"
    type_sets, ops = TypeSets(), {}
    schemas = [s for s in defs.get_all_schemas_with_history() if s.domain == ""]
    for schema in sorted(schemas, key=lambda s: (s.name, s.since_version)):
        ops.setdefault(schema.name, []).append(version_entry(schema, type_sets))
    ir_of_opset = {str(row[2]): row[1] for row in helper.VERSION_TABLE}
    source = {"package": "onnx", "version": onnx.__version__, "opset": defs.onnx_opset_version(), "irVersion": onnx.IR_VERSION}
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    lines = ["{", f'"source":{dump(source)},', f'"irOfOpset":{dump(ir_of_opset)},', '"typeSets":[']
    lines += [",\n".join(dump(list(types)) for types in type_sets.index), "],", '"ops":{']
    lines += [",\n".join(f"{dump(name)}:{dump(versions)}" for name, versions in ops.items()), "}", "}"]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines) + "\n")
    json.loads(out.read_text())
    print(f"{out}: {len(ops)} operators, {len(schemas)} versions, {len(type_sets.index)} type sets, {out.stat().st_size} bytes")


main()
