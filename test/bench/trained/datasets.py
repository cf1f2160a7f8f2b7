"""Calibration and evaluation samples of every trained model in the material folder.

Each dataset is a function(material folder) -> Dataset. Samples are the model's inputs, preprocessed as its authors do;
calibration and evaluation samples are disjoint.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image


@dataclass
class Dataset:
    model: str
    metric: str  # top1 | cosine
    calibration: list
    evaluation: list
    labels: list | None = None
    note: str = ""
    transformer: bool = False
    parts: list | None = None  # per output: column ranges compared apart, or None


def mnist(material, model, input_name, transformer):
    pixels = np.frombuffer(gzip.open(material / "mnist/t10k-images-idx3-ubyte.gz").read()[16:], np.uint8)
    labels = np.frombuffer(gzip.open(material / "mnist/t10k-labels-idx1-ubyte.gz").read()[8:], np.uint8)
    images = ((pixels.reshape(-1, 1, 1, 28, 28).astype(np.float32) / 255 - 0.1307) / 0.3081).astype(np.float32)
    samples = [{input_name: image} for image in images]
    return Dataset(model, "top1", samples[:64], samples[64:], labels[64:].tolist(), "MNIST test set, images 64 … 9999; 0 … 63 calibrate", transformer)


def vit_mnist(material):
    return mnist(material, "vit_mnist/vit_mnist.onnx", "pixel_values", True)


def mnist_cnn(material):
    return mnist(material, "mnist_cnn/mnist.onnx", "input.1", False)


def upright(image):
    yield image


def all_ways(image):
    """A picture turned by quarters, and each of these mirrored: eight pictures of the same thing."""
    for turned in (image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)):
        for quarter in range(4):
            yield turned.rotate(90 * quarter)


def tiny_llava(material, ways=upright):
    folder = material / "tiny-llava"
    config = json.loads((folder / "preprocessor_config.json").read_text())
    words = json.loads((folder / "classifier-labels.json").read_text())
    mean, std = np.float32(config["image_mean"]), np.float32(config["image_std"])

    def rows(name):
        return [json.loads(line) for line in (folder / name).read_text().splitlines() if line]

    def picture(row):
        image = Image.open(folder / row["image"]).convert("RGB")
        assert image.size == (config["crop_size"]["width"], config["crop_size"]["height"]), "pictures are stored at the model's size"
        return image

    def sample(image):
        values = (np.asarray(image, np.float32) * np.float32(config["rescale_factor"]) - mean) / std
        return {"pixel_values": values.transpose(2, 0, 1)[None].astype(np.float32)}

    evaluation = [(image, words.index(row["label"])) for row in rows("classifier-eval.jsonl") for image in ways(picture(row))]
    calibration = [sample(picture(row)) for row in rows("classifier-calibration.jsonl")]
    return Dataset("tiny-llava/onnx/classifier.onnx", "top1", calibration, [sample(image) for image, _ in evaluation], [label for _, label in evaluation], "64 classes of rendered shapes", True)


def tiny_llava_all_ways(material):
    return tiny_llava(material, all_ways)


def photos(material):
    folders = [material / "ultraface/imgs", material / "photos"]
    return [Image.open(path).convert("RGB") for folder in folders for path in sorted(folder.iterdir()) if path.suffix in (".jpg", ".png")]


def crops(image, fractions):
    """The whole picture, then crops of it: more samples from few photographs."""
    width, height = image.size
    yield image
    for fraction, left, top in fractions:
        w, h = int(width * fraction), int(height * fraction)
        x, y = int((width - w) * left), int((height - h) * top)
        yield image.crop((x, y, x + w, y + h))


CALIBRATION_CROPS = [(0.8, 0.0, 0.0), (0.6, 1.0, 0.5)]
EVALUATION_CROPS = [(0.9, 0.5, 0.5), (0.7, 1.0, 0.0), (0.7, 0.0, 1.0), (0.5, 0.5, 0.3)]


def split_photos(material):
    """Every second photograph calibrates, the others are for evaluation."""
    pictures = photos(material)
    calibration = [c for p in pictures[0::2] for c in crops(p, CALIBRATION_CROPS)]
    evaluation = [c for p in pictures[1::2] for c in crops(p, EVALUATION_CROPS)]
    return calibration, evaluation


def resized(image, width, height):
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), np.float32)


def ultraface(material, file):
    def sample(image):
        return {"input": ((resized(image, 320, 240) - 127) / 128).transpose(2, 0, 1)[None].astype(np.float32)}

    calibration, evaluation = split_photos(material)
    return Dataset(f"ultraface/{file}", "cosine", [sample(i) for i in calibration], [sample(i) for i in evaluation], note="photographs with faces and without; (x - 127) / 128", parts=[[[0, 1], [1, 2]], None])


def ultraface_full(material):
    return ultraface(material, "version-RFB-320.onnx")


def ultraface_simplified(material):
    return ultraface(material, "version-RFB-320_simplified.onnx")


def fastestdet(material):
    def sample(image):
        return {"input": (resized(image, 352, 352)[:, :, ::-1] / 255).transpose(2, 0, 1)[None].astype(np.float32)}

    calibration, evaluation = split_photos(material)
    return Dataset("fastestdet/FastestDet.onnx", "cosine", [sample(i) for i in calibration], [sample(i) for i in evaluation], note="photographs, BGR, x / 255", parts=[[[0, 4], [4, 5], [5, 85]]])


def superres(material):
    def sample(image):
        luma = np.asarray(image.convert("YCbCr").resize((224, 224), Image.Resampling.BICUBIC), np.float32)[:, :, 0]
        return {"input": (luma / 255)[None, None].astype(np.float32)}

    calibration, evaluation = split_photos(material)
    return Dataset("superres/pytorch_super_resolution.onnx", "cosine", [sample(i) for i in calibration], [sample(i) for i in evaluation], note="luma of photographs, x / 255")


def stories260k(material, length=64):
    """Token sequences that the float model itself samples at temperature 0.9 from BOS: its own kind of text."""
    session = onnxruntime.InferenceSession(str(material / "stories260k/stories260k_prefill.onnx"))
    random = np.random.default_rng(4)
    ids = np.ones((48, 1), np.int64)
    while ids.shape[1] < length:
        logits = session.run(None, {"input_ids": ids})[0][:, -1].astype(np.float64) / 0.9
        logits[:, :3] = -1e9  # no unknown, begin or end token
        noise = -np.log(-np.log(random.random(logits.shape)))
        ids = np.concatenate([ids, (logits + noise).argmax(axis=1)[:, None]], axis=1)
    samples = [{"input_ids": row[None]} for row in ids]
    return Dataset("stories260k/stories260k_prefill.onnx", "cosine", samples[:16], samples[16:], note="sequences of 64 tokens sampled from the float model", transformer=True)


def tiny_gpt2(material, context=16, step=8):
    """Random tokens; the past comes from a first run over `context` tokens."""
    session = onnxruntime.InferenceSession(str(material / "tiny-random-gpt2-fp32/past.onnx"))
    random = np.random.default_rng(4)

    def feed(ids, begin, past):
        positions = np.arange(begin, begin + ids.shape[1], dtype=np.int32)[None]
        mask = np.ones((1, begin + ids.shape[1]), np.int32)
        return {"input_ids": ids, "position_ids": positions, "attention_mask": mask, **{f"past_{k}": p for k, p in enumerate(past)}}

    def sample():
        ids = random.integers(0, 1000, (1, context + step), dtype=np.int32)
        empty = [np.zeros((2, 1, 4, 0, 8), np.float32)] * 5
        past = session.run(None, feed(ids[:, :context], 0, empty))[1:]
        return feed(ids[:, context:], context, past)

    samples = [sample() for _ in range(48)]
    return Dataset("tiny-random-gpt2-fp32/past.onnx", "cosine", samples[:16], samples[16:], note="random tokens, past of 16 tokens", transformer=True)


DATASETS = {
    "vit_mnist": vit_mnist, "mnist_cnn": mnist_cnn, "tiny-llava-classifier": tiny_llava,
    "tiny-llava-classifier-all-ways": tiny_llava_all_ways,
    "ultraface": ultraface_full, "ultraface-simplified": ultraface_simplified, "fastestdet": fastestdet,
    "superres": superres, "stories260k-prefill": stories260k, "tiny-random-gpt2": tiny_gpt2,
}
