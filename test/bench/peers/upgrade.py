"""Gives a peer a model of a newer opset where it refuses or breaks on an old one (--upgrade N)."""

import onnx
from onnx import version_converter


def drop_initializer_inputs(graph):
    """Before IR 4 every initializer is a graph input too; removing those makes them constants."""
    names = {i.name for i in graph.initializer}
    kept = [i for i in graph.input if i.name not in names]
    del graph.input[:]
    graph.input.extend(kept)


def upgraded(model, opset):
    """The model with the default domain at `opset`, by onnx's own version converter."""
    converted = version_converter.convert_version(model, opset)
    drop_initializer_inputs(converted.graph)
    converted.ir_version = max(converted.ir_version, 8)
    return onnx.shape_inference.infer_shapes(converted)
