"""What an architecture of the zoo is: a module with small random weights, and the inputs that it takes."""

from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import torch


@dataclass
class Subject:
    """A module in eval mode. `inputs` draws each input of one sample; `outputs` names what is taken of the result, or None for all of it."""

    module: torch.nn.Module
    inputs: dict[str, Callable[[np.random.Generator], np.ndarray]]
    outputs: list[str] | None = None
    fixed: dict = field(default_factory=dict)  # arguments that are no inputs of the exported graph
    dynamic: dict[str, dict[int, str]] = field(default_factory=dict)  # input -> axis -> symbol, for exports with dynamic axes


class Taken(torch.nn.Module):
    """Calls the subject with positional inputs and returns the chosen outputs as a tuple of tensors."""

    def __init__(self, subject):
        super().__init__()
        self.inner = subject.module
        self.names, self.outputs, self.fixed = list(subject.inputs), subject.outputs, subject.fixed

    def forward(self, *values):
        result = self.inner(**dict(zip(self.names, values)), **self.fixed)
        if self.outputs is None:
            return tuple(result) if isinstance(result, (tuple, list)) else (result,)
        return tuple(getattr(result, name) for name in self.outputs)


class Positional(torch.nn.Module):
    """A module whose parameters have names of its own (timm's `x`), called by position."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, pixel_values):
        return self.module(pixel_values)


def picture(size, channels=3, batch=1):
    """Pictures of soft coloured blobs and some noise, normalized: neighbouring pixels go together as in photographs."""
    height, width = size if isinstance(size, tuple) else (size, size)

    def draw(rng):
        coarse = rng.normal(size=(batch, channels, max(2, height // 16), max(2, width // 16)))
        rows = np.linspace(0, coarse.shape[2] - 1, height)
        columns = np.linspace(0, coarse.shape[3] - 1, width)
        along = np.apply_along_axis(lambda line: np.interp(rows, np.arange(coarse.shape[2]), line), 2, coarse)
        smooth = np.apply_along_axis(lambda line: np.interp(columns, np.arange(coarse.shape[3]), line), 3, along)
        return (smooth + 0.15 * rng.normal(size=smooth.shape)).astype(np.float32)

    return draw


def tokens(vocabulary, length, batch=1, low=3):
    """Token numbers from `low` on; the small ones are reserved for padding and markers."""
    return lambda rng: rng.integers(low, vocabulary, (batch, length), dtype=np.int64)


def mask(length, batch=1):
    """1 for tokens, 0 for up to a third of padding at the end."""

    def draw(rng):
        lengths = rng.integers(length - length // 3, length + 1, (batch, 1))
        return (np.arange(length)[None] < lengths).astype(np.int64)

    return draw


def floats(*shape):
    return lambda rng: rng.normal(size=shape).astype(np.float32)


def constant(array):
    return lambda rng: array
