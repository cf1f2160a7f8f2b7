"""Random weights under which quantization is not trivial.

Libraries start layers so small that a model of two blocks hardly mixes anything (std 0.02, layer scales of 1e-5). Here
every product keeps the variance of its input, and a few channels of the norms and of the wide layers are large, as they
are in trained transformers: they set the range of a tensor whose other channels then get few steps.
"""

import zlib

import torch
from torch import nn

NORM_GAIN = 8.0  # of the outlier channels behind a norm
LAYER_GAIN = 3.0  # of the outlier output channels of a layer
CHANNELS_PER_OUTLIER = 48
LAYER_SCALE = 0.5

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)


def generator_of(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def is_norm(module):
    return "Norm" in type(module).__name__ and isinstance(getattr(module, "weight", None), nn.Parameter) and module.weight.dim() == 1


def is_layer(module):
    return isinstance(module, LAYERS) or type(module).__name__ == "Conv1D"  # GPT-2's product, its weight transposed


def draw_layer(module, generator):
    weight = module.weight
    transposed = isinstance(module, nn.ConvTranspose2d) or not isinstance(module, LAYERS)
    fan_in = weight.shape[0] if transposed else weight[0].numel()
    weight.copy_(torch.randn(weight.shape, generator=generator) / max(1, fan_in) ** 0.5)
    if isinstance(getattr(module, "bias", None), nn.Parameter):
        module.bias.copy_(0.1 * torch.randn(module.bias.shape, generator=generator))


def outliers(extent, generator):
    return torch.randperm(extent, generator=generator)[: extent // CHANNELS_PER_OUTLIER]


def draw_norm(module, generator):
    weight = module.weight
    spread = 0.2 * torch.randn(weight.shape, generator=generator)
    weight.copy_(spread if bool((weight == 0).all()) else 1 + spread)  # Gemma's norms add 1 to the weight
    weight[outliers(weight.numel(), generator)] *= NORM_GAIN
    if isinstance(getattr(module, "bias", None), nn.Parameter):
        module.bias.copy_(0.1 * torch.randn(module.bias.shape, generator=generator))


def draw_rest(name, parameter, generator):
    """Parameters of no layer: layer scales that start near 0, and position or class embeddings that start at 0."""
    values = parameter.detach()
    if values.numel() > 1 and bool((values == values.flatten()[0]).all()) and 0 < abs(float(values.flatten()[0])) < 0.1:
        parameter.fill_(LAYER_SCALE)
    elif any(word in name for word in ("embed", "token", "position", "query")) and float(values.abs().max()) < 0.1:
        parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))


def settle_batch_norms(module, run):
    """Statistics of the batch norms from data; with those they start with, activations grow or vanish from layer to layer."""
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    run()
    for norm in norms:
        norm.eval()


@torch.no_grad()
def draw_weights(module, name):
    """Draws every parameter anew, seeded by `name`."""
    generator = generator_of(name)
    seen = set()
    for child in module.modules():
        if is_layer(child) and type(child.weight) is nn.Parameter:
            draw_layer(child, generator)
            wide = outliers(child.weight.shape[0], generator) if child.weight.shape[0] >= 2 * CHANNELS_PER_OUTLIER else []
            child.weight[wide] *= LAYER_GAIN
        elif isinstance(child, nn.Embedding):
            child.weight.copy_(0.5 * torch.randn(child.weight.shape, generator=generator))
        elif is_norm(child):
            draw_norm(child, generator)
        else:
            continue
        seen.update(id(p) for p in child.parameters(recurse=False))
    for path, parameter in module.named_parameters():
        if id(parameter) not in seen:
            draw_rest(path.lower(), parameter, generator)
