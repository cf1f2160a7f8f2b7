"""Peer: ONNX Runtime's MatMulNBits quantizer, int4 symmetric weights in blocks of 32, written as QDQ."""

import argparse
import json
import sys
import time

import onnx
import onnxruntime
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer, QuantFormat


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--block-size", type=int, default=32)
    args = parser.parse_args()

    started = time.monotonic()
    config = DefaultWeightOnlyQuantConfig(block_size=args.block_size, is_symmetric=True, quant_format=QuantFormat.QDQ, op_types_to_quantize=("MatMul",))
    quantizer = MatMulNBitsQuantizer(onnx.load(args.model), algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(args.out, use_external_data_format=True)
    versions = {"python": sys.version.split()[0], "onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}
    print(json.dumps({"seconds": round(time.monotonic() - started, 3), "versions": versions}))


main()
