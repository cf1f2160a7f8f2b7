"""Calibration and evaluation samples: a JSONL of {"tensors": "x.npz"}, paths relative to the file."""

import json
from pathlib import Path

import numpy as np


def load_samples(path):
    """Yields one dict of input name -> array per line."""
    folder = Path(path).parent
    for line in Path(path).read_text().splitlines():
        if line.strip():
            with np.load(folder / json.loads(line)["tensors"]) as arrays:
                yield {name: arrays[name] for name in arrays.files}


def inputs_of(sample, names):
    return {name: sample[name] for name in names}
