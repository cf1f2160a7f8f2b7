"""Writes the zoo: export.py OUT [NAME…]

Every architecture goes out through TorchScript; every third one, and those that TorchScript refuses, through dynamo. The opset, dynamic axes and float16
of an export follow from its name alone, so that an architecture more or less changes no other.

OUT/<name>.<exporter>/ holds model.onnx, calibration.jsonl and eval.jsonl (one {"tensors": "…npz"} a line; different samples
of one distribution) and, written last, facts.json; an export that is there is not made again. An export that the exporter
refuses, or that does not compute what the module computes, has facts.json with `error` alone.
"""

import contextlib
import json
import sys
import traceback
import zlib
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from transformers import masking_utils

import language
import multimodal
import timm_models
import vision
from subject import Taken
from weights import draw_weights, settle_batch_norms

ARCHITECTURES = {**vision.ARCHITECTURES, **language.ARCHITECTURES, **multimodal.ARCHITECTURES, **timm_models.ARCHITECTURES}
TORCHSCRIPT_OPSETS = list(range(11, 21))
DYNAMO_OPSETS = list(range(18, 24))
FUSED_ATTENTION_OPSET = 14  # lowest to which TorchScript exports scaled_dot_product_attention
SPLITS = {"calibration": 32, "eval": 16}
SETTLING = 8  # samples in the batch from which batch norms take their statistics
LEAST_COSINE = {torch.float32: 0.9999, torch.float16: 0.99}


def chance(name, salt, of):
    """A number in [0, of) that belongs to `name`."""
    return zlib.crc32(f"{name}/{salt}".encode()) % of


def plan_of(name, exporter):
    """How `name` is exported: opsets to try in turn, dynamic axes, float type."""
    opsets = TORCHSCRIPT_OPSETS if exporter == "torchscript" else DYNAMO_OPSETS
    first = opsets[chance(name, exporter, len(opsets))]
    return {
        "opsets": sorted({first, *(o for o in (16, 17, 18, 20) if o > first and o in opsets)}),
        "dynamic": chance(name, f"{exporter} axes", 3) == 0,
        "half": chance(name, f"{exporter} half", 8) == 0,
    }


def export_all(names, out):
    for name in names:
        facts = ensure_export(name, "torchscript", out)
        if chance(name, "dynamo", 3) == 0 or "error" in facts:
            ensure_export(name, "dynamo", out)


def ensure_export(name, exporter, out):
    """Facts of the export, which is made unless it is there."""
    folder = out / f"{name}.{exporter}"
    if (folder / "facts.json").exists():
        return json.loads((folder / "facts.json").read_text())
    facts = {"name": name, "exporter": exporter, **export(name, exporter, folder)}
    (folder / "facts.json").write_text(json.dumps(facts) + "\n")
    print(f"{folder.name}: {facts.get('error') or 'opset %d' % facts['opset']}", file=sys.stderr, flush=True)
    return facts


def broadcasting(mask_function, bh_indices=True):
    """The mask function of transformers over all indices at once."""

    def masked(batch, head, query, key):
        if not bh_indices:
            return mask_function(batch, head, query[:, None], key[None, :])
        found = mask_function(batch[:, None, None, None], head[None, :, None, None], query[None, None, :, None], key[None, None, None, :])
        return found.expand(batch.shape[0], head.shape[0], query.shape[0], key.shape[0])

    return masked


@contextlib.contextmanager
def traceable_masks(exporter):
    """TorchScript cannot trace the vmap that attention masks of transformers are made with: broadcasting gives the same."""
    saved = masking_utils._vmap_for_bhqkv, masking_utils.TransformGetItemToIndex
    if exporter == "torchscript":
        masking_utils._vmap_for_bhqkv, masking_utils.TransformGetItemToIndex = broadcasting, contextlib.nullcontext
    try:
        yield
    finally:
        masking_utils._vmap_for_bhqkv, masking_utils.TransformGetItemToIndex = saved


def use_attention(module, kind):
    """Composed attention (`eager`) or torch's fused function (`sdpa`), where the library leaves the choice."""
    for child in module.modules():
        if getattr(child, "config", None) is not None and hasattr(child.config, "_attn_implementation"):
            child.config._attn_implementation = kind
        if hasattr(child, "fused_attn"):
            child.fused_attn = kind == "sdpa"


def fused_where_possible(module):
    supports = all(getattr(m, "_supports_sdpa", True) for m in module.modules())
    return "sdpa" if supports else "eager"


def settled(taken, subject, rng):
    batch = [np.concatenate([draw(rng) for _ in range(SETTLING)]) for draw in subject.inputs.values()]
    settle_batch_norms(taken, lambda: taken(*(torch.from_numpy(values) for values in batch)))


def sample(subject, rng, dtype):
    drawn = {name: draw(rng) for name, draw in subject.inputs.items()}
    half = dtype == torch.float16
    return {name: value.astype(np.float16) if half and value.dtype == np.float32 else value for name, value in drawn.items()}


def write_onnx(taken, example, path, exporter, opset, dynamic):
    names = list(example)
    arguments = tuple(torch.from_numpy(value) for value in example.values())
    if exporter == "torchscript":
        torch.onnx.export(taken, arguments, path, dynamo=False, opset_version=opset, input_names=names, dynamic_axes=dynamic or None)
    else:
        shapes = tuple({axis: torch.export.Dim.DYNAMIC for axis in dynamic.get(name, {})} for name in names) if dynamic else None
        torch.onnx.export(taken, arguments, path, dynamo=True, opset_version=opset, input_names=names, dynamic_shapes=(shapes,) if shapes else None, external_data=False, verbose=False)


def check(path, taken, feeds):
    """Raises where ONNX Runtime does not give on the export what the module gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    used = {i.name for i in session.get_inputs()}
    found = session.run(None, {name: value for name, value in feeds.items() if name in used})
    expected = [e.detach().numpy() for e in taken(*(torch.from_numpy(value) for value in feeds.values()))]
    for a, b in zip(expected, found, strict=True):
        a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
        if not np.isfinite(a).all() or np.abs(a).max() == 0:
            raise ValueError("the module gives no finite output other than 0")
        cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
        if not cosine >= LEAST_COSINE[torch.float16 if taken_dtype(taken) == torch.float16 else torch.float32]:
            raise ValueError(f"cosine {cosine:.5f} between module and export")


def taken_dtype(taken):
    return next(p.dtype for p in taken.parameters())


def write_split(out, name, samples):
    (out / name).mkdir(parents=True, exist_ok=True)
    lines = []
    for index, feeds in enumerate(samples):
        np.savez(out / name / f"{index:02d}.npz", **feeds)
        lines.append(json.dumps({"tensors": f"{name}/{index:02d}.npz"}))
    (out / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


def prepared(name, half):
    """The module of `name` with its weights, and its subject."""
    torch.manual_seed(0)
    subject = ARCHITECTURES[name]()
    subject.module.eval()
    draw_weights(subject.module, name)
    taken = Taken(subject).eval()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    settled(taken, subject, rng)
    return (taken.half() if half else taken), subject, rng


def export_at(name, exporter, opset, plan, out, fused):
    taken, subject, rng = prepared(name, plan["half"])
    use_attention(taken, fused_where_possible(taken) if fused else "eager")
    dtype = taken_dtype(taken)
    dynamic = subject.dynamic if plan["dynamic"] else {}
    feeds = sample(subject, rng, dtype)
    path = str(out / "model.onnx")
    write_onnx(taken, feeds, path, exporter, opset, dynamic)
    check(path, taken, sample(subject, rng, dtype))
    used = {i.name for i in onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_inputs()}
    for split, count in SPLITS.items():
        write_split(out, split, [{n: v for n, v in sample(subject, rng, dtype).items() if n in used} for _ in range(count)])
    return {"opset": opset, "dynamic": bool(dynamic), "half": plan["half"], "fusedAttention": fused, "parameters": sum(p.numel() for p in taken.parameters())}


def export(name, exporter, out):
    """facts of one export; the reason where none came out."""
    plan, errors = plan_of(name, exporter), []
    out.mkdir(parents=True, exist_ok=True)
    tries = [(opset, exporter == "dynamo" or opset >= FUSED_ATTENTION_OPSET) for opset in plan["opsets"]]
    for opset, fused in [*tries, (plan["opsets"][0], False)]:
        try:
            with torch.no_grad(), traceable_masks(exporter):
                return export_at(name, exporter, opset, plan, out, fused)
        except Exception as error:  # the exporter's limits are not what is measured
            errors.append(f"opset {opset}: {traceback.format_exception_only(error)[0].strip()[:200]}")
            if "--trace" in sys.argv:
                traceback.print_exc()
    return {"error": "; ".join(errors)}


def main():
    out, names = Path(sys.argv[1]), [n for n in sys.argv[2:] if not n.startswith("--")]
    torch.set_num_threads(1)
    export_all(names or ARCHITECTURES, out)


main()
