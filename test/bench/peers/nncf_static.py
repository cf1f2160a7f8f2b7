"""Peer: NNCF's quantize on its ONNX backend. W8A8 QDQ, int8 weights per channel, preset `mixed` for transformers.

model_type=transformer is what NNCF's documentation asks for on transformers (asymmetric activations, symmetric
weights, SmoothQuant); --plain leaves preset and model type at their defaults. Fast bias correction stays on (default). --upgrade N first
brings the model to opset N.
"""

import argparse
import json
import logging
import sys
import time

import nncf
import numpy as np
import onnx
import onnxruntime

from samples import inputs_of, load_samples
from upgrade import upgraded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("samples")
    parser.add_argument("out")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--upgrade", type=int)
    args = parser.parse_args()
    logging.getLogger("nncf").setLevel(logging.WARNING)

    started = time.monotonic()
    model = onnx.load(args.model)
    if args.upgrade:
        model = upgraded(model, args.upgrade)
    initializers = {i.name for i in model.graph.initializer}
    names = [i.name for i in model.graph.input if i.name not in initializers]
    samples = [inputs_of(s, names) for s in load_samples(args.samples)]
    quantized = nncf.quantize(
        model, nncf.Dataset(samples), subset_size=len(samples),
        **({} if args.plain else {"model_type": nncf.ModelType.TRANSFORMER}),
    )
    onnx.save(quantized, args.out, save_as_external_data=True, location=args.out.split("/")[-1] + ".data")
    versions = {"python": sys.version.split()[0], "nncf": nncf.__version__, "onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__}
    print(json.dumps({"seconds": round(time.monotonic() - started, 3), "versions": versions}))


main()
