"""Architectures of transformers that take pictures and text, and the vision parts of those that cannot be exported whole."""

import numpy as np
import torch
import transformers as t

from subject import Subject, constant, floats, mask, picture, tokens
from language import DECODER, LENGTH, WORDS
from vision import TOWER

TEXT = {"vocab_size": WORDS, "hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64}
IMAGE_TOKEN = 5
PATCHES = (TOWER["image_size"] // TOWER["patch_size"]) ** 2


def two_towers(model, **rest):
    inputs = {"input_ids": tokens(WORDS - 2, LENGTH, low=10), "pixel_values": picture(64), "attention_mask": mask(LENGTH)}
    return Subject(model, inputs, ["logits_per_image", "text_embeds", "image_embeds"], dynamic={"pixel_values": {0: "images"}}, **rest)


def clip():
    return two_towers(t.CLIPModel(t.CLIPConfig(text_config={**TEXT, "eos_token_id": WORDS - 1}, vision_config=TOWER, projection_dim=64)))


def siglip():
    return two_towers(t.SiglipModel(t.SiglipConfig(text_config=TEXT, vision_config=TOWER)))


def altclip():
    text = {**TEXT, "project_dim": 64, "pad_token_id": 1}
    return two_towers(t.AltCLIPModel(t.AltCLIPConfig(text_config=text, vision_config={**TOWER, "hidden_size": 96}, projection_dim=64)))


def clipseg():
    config = t.CLIPSegConfig(text_config={**TEXT, "eos_token_id": WORDS - 1}, vision_config=TOWER, projection_dim=96, extract_layers=[0, 1], reduce_dim=32, decoder_num_attention_heads=4, decoder_intermediate_size=64)
    return Subject(t.CLIPSegForImageSegmentation(config), {"input_ids": tokens(WORDS - 2, LENGTH, low=10), "pixel_values": picture(64)}, ["logits"])


def prompt_with_image(image_tokens):
    """A prompt whose first tokens stand for the patches of the picture."""

    def draw(rng):
        text = rng.integers(10, WORDS, (1, LENGTH), dtype=np.int64)
        return np.concatenate([np.full((1, image_tokens), IMAGE_TOKEN, np.int64), text], 1)

    return draw


def generating(model, image_tokens=PATCHES, size=64, **fixed):
    inputs = {"input_ids": prompt_with_image(image_tokens), "pixel_values": picture(size), "attention_mask": mask(image_tokens + LENGTH)}
    return Subject(model, inputs, ["logits"], fixed={"use_cache": False, **fixed})


def llava():
    config = t.LlavaConfig(vision_config=t.CLIPVisionConfig(**TOWER), text_config=t.LlamaConfig(**{**DECODER, "max_position_embeddings": 128}), image_token_index=IMAGE_TOKEN, vision_feature_layer=-2)
    return generating(t.LlavaForConditionalGeneration(config))


def paligemma():
    text = t.GemmaConfig(**{**DECODER, "max_position_embeddings": 128}, head_dim=24)
    config = t.PaliGemmaConfig(vision_config=t.SiglipVisionConfig(**TOWER, vision_use_head=False), text_config=text, image_token_index=IMAGE_TOKEN, projection_dim=96, hidden_size=96)
    return generating(t.PaliGemmaForConditionalGeneration(config))


def idefics3_vision():
    config = t.Idefics3Config(vision_config=TOWER, text_config=t.LlamaConfig(**DECODER, pad_token_id=0), scale_factor=2)
    return VisionWithConnector.subject(t.Idefics3Model(config))


def smolvlm_vision():
    config = t.SmolVLMConfig(vision_config=TOWER, text_config=t.LlamaConfig(**DECODER, pad_token_id=0), scale_factor=2)
    return VisionWithConnector.subject(t.SmolVLMModel(config))


class VisionWithConnector(torch.nn.Module):
    """Tower and connector of Idefics3 and SmolVLM: the part that makes image tokens."""

    def __init__(self, model):
        super().__init__()
        self.tower, self.connector = model.vision_model, model.connector

    def forward(self, pixel_values):
        return self.connector(self.tower(pixel_values=pixel_values).last_hidden_state)

    @staticmethod
    def subject(model):
        return Subject(VisionWithConnector(model), {"pixel_values": picture(64)})


class QwenVision(torch.nn.Module):
    """Tower of Qwen2-VL for pictures of one size: patches in, merged image tokens out."""

    def __init__(self, tower, grid):
        super().__init__()
        self.tower = tower
        self.register_buffer("grid", torch.tensor([[1, *grid]]), persistent=False)

    def forward(self, pixel_values):
        return self.tower(pixel_values, grid_thw=self.grid)


def qwen2_vl_vision():
    config = t.models.qwen2_vl.configuration_qwen2_vl.Qwen2VLVisionConfig(depth=2, embed_dim=96, hidden_size=128, num_heads=4, mlp_ratio=2, patch_size=8)
    tower = t.models.qwen2_vl.modeling_qwen2_vl.Qwen2VisionTransformerPretrainedModel(config)
    return Subject(QwenVision(tower, (6, 8)), {"pixel_values": floats(48, 3 * 2 * 8 * 8)})


def blip():
    text = {**TEXT, "encoder_hidden_size": 96, "bos_token_id": 1, "eos_token_id": 2, "sep_token_id": 2, "pad_token_id": 0}
    model = t.BlipForImageTextRetrieval(t.BlipConfig(text_config=text, vision_config=TOWER, projection_dim=64, image_text_hidden_size=64))
    return Subject(model, {"input_ids": tokens(WORDS, LENGTH, low=10), "pixel_values": picture(64), "attention_mask": mask(LENGTH)}, ["itm_score"])


def git():
    config = t.GitConfig(**TEXT, vision_config=TOWER, bos_token_id=1, eos_token_id=2)
    return Subject(t.GitForCausalLM(config), {"input_ids": tokens(WORDS, LENGTH, low=10), "pixel_values": picture(64)}, ["logits"], fixed={"use_cache": False})


def vilt():
    config = t.ViltConfig(**{**TOWER, **TEXT}, num_labels=10)
    inputs = {"input_ids": tokens(WORDS, LENGTH, low=10), "pixel_values": picture(64), "pixel_mask": constant(np.ones((1, 64, 64), np.int64))}
    return Subject(t.ViltForQuestionAnswering(config), inputs, ["logits"])


def captioner():
    decoder = t.GPT2Config(vocab_size=WORDS, n_embd=96, n_layer=2, n_head=4, n_positions=64, add_cross_attention=True, is_decoder=True)
    config = t.VisionEncoderDecoderConfig.from_encoder_decoder_configs(t.ViTConfig(**TOWER), decoder)
    inputs = {"pixel_values": picture(64), "decoder_input_ids": tokens(WORDS, 8, low=10), "decoder_attention_mask": mask(8)}
    return Subject(t.VisionEncoderDecoderModel(config), inputs, ["logits"], fixed={"use_cache": False})


ARCHITECTURES = {
    "clip": clip,
    "siglip": siglip,
    "altclip": altclip,
    "clipseg": clipseg,
    "llava": llava,
    "paligemma": paligemma,
    "idefics3-vision": idefics3_vision,
    "smolvlm-vision": smolvlm_vision,
    "qwen2-vl-vision": qwen2_vl_vision,
    "blip": blip,
    "git": git,
    "vilt": vilt,
    "vit-gpt2": captioner,
}
