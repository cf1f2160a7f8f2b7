"""Writes the samples of one trained model: prepare.py NAME MATERIAL OUT

OUT/calibration.jsonl and OUT/eval.jsonl hold one {"tensors": "…npz", "label"?: n} a line; OUT/facts.json says what
they are. Every entrant, ours included, calibrates on the same files.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx

from datasets import DATASETS


def write_split(out, name, samples, labels):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, sample in enumerate(samples):
        file = f"{name}/{index:05d}.npz"
        np.savez(out / file, **sample)
        lines.append(json.dumps({"tensors": file, **({"label": labels[index]} if labels else {})}))
    (out / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


def main():
    name, material, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    dataset = DATASETS[name](material)
    write_split(out, "calibration", dataset.calibration, None)
    write_split(out, "eval", dataset.evaluation, dataset.labels)
    opsets = onnx.load(material / dataset.model, load_external_data=False).opset_import
    facts = {
        "name": name, "model": str(material / dataset.model), "metric": dataset.metric, "transformer": dataset.transformer,
        "opset": next(o.version for o in opsets if o.domain in ("", "ai.onnx")),
        "calibration": len(dataset.calibration), "evaluation": len(dataset.evaluation), "note": dataset.note,
        "parts": dataset.parts,
    }
    (out / "facts.json").write_text(json.dumps(facts) + "\n")


main()
