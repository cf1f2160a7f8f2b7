"""Peer: ONNX Runtime's quantize_static. W8A8, QDQ, int8 weights per channel.

Op types: `matmul` quantizes Conv, Gemm and MatMul (the operators that hold the work; the form that favours this peer
in time), `default` leaves the choice to the quantizer (it adds Add, Mul, Softmax, Concat, ...). Activations are
int8 asymmetric, the default of quantize_static; everything not named here is left at its default. The optional
quant_pre_process is not run: with --preprocess it is, and then counts. --upgrade N first brings the model to opset N.
"""

import argparse
import json
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from samples import inputs_of, load_samples
from upgrade import upgraded


class SampleReader(CalibrationDataReader):
    def __init__(self, path, names):
        self.samples = (inputs_of(s, names) for s in load_samples(path))

    def get_next(self):
        return next(self.samples, None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("samples")
    parser.add_argument("out")
    parser.add_argument("--method", choices=["minmax", "percentile", "entropy"], default="minmax")
    parser.add_argument("--percentile", type=float)
    parser.add_argument("--ops", choices=["matmul", "default"], default="matmul")
    parser.add_argument("--activations", choices=["int8", "uint8"], default="int8")
    parser.add_argument("--preprocess", action="store_true")
    parser.add_argument("--per-tensor", action="store_true")
    parser.add_argument("--upgrade", type=int)
    args = parser.parse_args()

    started = time.monotonic()
    model = args.model
    if args.upgrade:
        model = args.out + ".upgraded.onnx"
        onnx.save(upgraded(onnx.load(args.model), args.upgrade), model)
    if args.preprocess:
        source, model = model, args.out + ".pre.onnx"
        quant_pre_process(source, model, skip_symbolic_shape=False, save_as_external_data=True)
    names = [i.name for i in onnx.load(model, load_external_data=False).graph.input]
    initializers = {i.name for i in onnx.load(model, load_external_data=False).graph.initializer}
    quantize_static(
        model, args.out, SampleReader(args.samples, [n for n in names if n not in initializers]),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Gemm", "MatMul"] if args.ops == "matmul" else None,
        per_channel=not args.per_tensor,
        activation_type=QuantType.QInt8 if args.activations == "int8" else QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method={"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile, "entropy": CalibrationMethod.Entropy}[args.method],
        use_external_data_format=True,
        extra_options={"CalibPercentile": args.percentile} if args.percentile else None,
    )
    versions = {"python": sys.version.split()[0], "onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__}
    print(json.dumps({"seconds": round(time.monotonic() - started, 3), "versions": versions}))


main()
