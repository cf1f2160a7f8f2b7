"""Compares models with their float original on ONNX Runtime: quality.py FLOAT.onnx EVAL.jsonl MODEL.onnx...

Prints one JSON document: for the float model and for each model, per output SQNR in dB and cosine (averaged over
samples), top-1 where the samples carry labels, top-1 agreement with the float model along the last axis of the first
output, or the error that ONNX Runtime raised. SQNR is 10 log10(sum float² / sum (float - model)²) over all samples.

--parts '[[[0, 4], [4, 85]], null]' also compares column ranges of an output (last axis), one entry per output: in
detectors the large numbers of the boxes would hide the scores.

Engine settings: `literal` (session.disable_quant_qdq=1) computes Q and DQ as their definition says, so that the figure is
the artifact's own and not that of one processor's int8 kernels; `--engine default` lets ONNX Runtime fuse, with int4
matrix products kept at float accuracy in both.
"""

import argparse
import json

import numpy as np
import onnxruntime as ort

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peers"))
from samples import load_samples  # noqa: E402


def session_of(path, engine):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # small models on a busy machine: spinning threads cost more than they give
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    if engine == "literal":
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def split(outputs, parts):
    """Outputs with those that have parts replaced by their column ranges."""
    if not parts:
        return outputs
    return [piece for value, ranges in zip(outputs, parts) for piece in ([value[..., a:b] for a, b in ranges] if ranges else [value])]


def outputs_of(path, samples, engine):
    session = session_of(path, engine)
    names = [i.name for i in session.get_inputs()]
    return [session.run(None, {n: s[n] for n in names}) for s in samples]


class Comparison:
    """Sums for one output over all samples, in float64."""

    def __init__(self):
        self.signal = self.noise = self.max_error = 0.0
        self.cosines = []

    def add(self, reference, value):
        a, b = reference.astype(np.float64).ravel(), value.astype(np.float64).ravel()
        self.signal += float(a @ a)
        self.noise += float((a - b) @ (a - b))
        self.max_error = max(self.max_error, float(np.abs(a - b).max(initial=0)))
        norms = np.linalg.norm(a) * np.linalg.norm(b)
        self.cosines.append(float(a @ b / norms) if norms > 0 else float(not a.any() and not b.any()))

    def result(self):
        sqnr = None if self.noise == 0 or self.signal == 0 else round(10 * np.log10(self.signal / self.noise), 3)
        return {"sqnrDb": sqnr, "cosine": round(float(np.mean(self.cosines)), 6), "minCosine": round(min(self.cosines), 6), "maxAbsError": self.max_error}


def compared(reference, outputs):
    results = []
    for k in range(len(reference[0])):
        comparison = Comparison()
        for a, b in zip(reference, outputs):
            comparison.add(a[k], b[k])
        results.append(comparison.result())
    return results


def compare(reference, outputs, labels, parts):
    result = {"outputs": compared(reference, outputs)}
    if parts:
        result["parts"] = compared([split(r, parts) for r in reference], [split(o, parts) for o in outputs])
    result["agreement"] = round(float(np.mean([np.mean(a[0].argmax(-1) == b[0].argmax(-1)) for a, b in zip(reference, outputs)])), 5)
    if labels:
        result["top1"] = round(float(np.mean([o[0].argmax() == label for o, label in zip(outputs, labels)])), 5)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reference")
    parser.add_argument("samples")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--engine", choices=["literal", "default"], default="literal")
    parser.add_argument("--parts", type=json.loads)
    args = parser.parse_args()

    rows = [json.loads(line) for line in Path(args.samples).read_text().splitlines() if line]
    labels = [row["label"] for row in rows] if "label" in rows[0] else None
    samples = list(load_samples(args.samples))
    reference = outputs_of(args.reference, samples, args.engine)
    results = {"float": compare(reference, reference, labels, args.parts)}
    for model in args.models:
        try:
            results[model] = compare(reference, outputs_of(model, samples, args.engine), labels, args.parts)
        except Exception as error:  # a model the engine refuses is a result
            results[model] = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
    print(json.dumps({"engine": args.engine, "onnxruntime": ort.__version__, "samples": len(samples), "results": results}))


main()
