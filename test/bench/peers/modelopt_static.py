"""Peer: NVIDIA ModelOpt's ONNX quantizer, int8, on the CPU execution provider; high precision kept at fp32."""

import argparse
import json
import sys
import time

import modelopt
import numpy as np
import onnx
from modelopt.onnx.quantization import quantize

from samples import inputs_of, load_samples


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("samples")
    parser.add_argument("out")
    parser.add_argument("--method", choices=["entropy", "max"], default="entropy")
    args = parser.parse_args()

    started = time.monotonic()
    graph = onnx.load(args.model, load_external_data=False).graph
    initializers = {i.name for i in graph.initializer}
    names = [i.name for i in graph.input if i.name not in initializers]
    samples = [inputs_of(s, names) for s in load_samples(args.samples)]
    data = {name: np.concatenate([s[name] for s in samples]) for name in names}
    quantize(
        args.model, quantize_mode="int8", calibration_data=data, calibration_method=args.method,
        calibration_eps=["cpu"], output_path=args.out, high_precision_dtype="fp32", use_external_data_format=True,
    )
    versions = {"python": sys.version.split()[0], "nvidia-modelopt": modelopt.__version__, "onnx": onnx.__version__, "numpy": np.__version__}
    print(json.dumps({"seconds": round(time.monotonic() - started, 3), "versions": versions}))


main()
