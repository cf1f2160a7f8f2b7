"""Vision architectures of transformers: classifiers, dense prediction, detectors, towers."""

import numpy as np
import torch
import transformers as t

from subject import Subject, constant, floats, picture, tokens

TOWER = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 192, "image_size": 64, "patch_size": 16}
BATCH = {"pixel_values": {0: "batch"}}


def images(model, outputs, size=64, **rest):
    return Subject(model, {"pixel_values": picture(size)}, outputs, dynamic=BATCH, **rest)


def classifier(config, size=64, model=None):
    config.num_labels = 10
    return images(model(config) if model else t.AutoModelForImageClassification.from_config(config), ["logits"], size)


def backbone(model, size=64, outputs=("last_hidden_state",), **rest):
    return images(model, list(outputs), size, **rest)


def resnet_config(**rest):
    return t.ResNetConfig(embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1], layer_type="basic", **rest)


def beit():
    return classifier(t.BeitConfig(**TOWER, use_relative_position_bias=True, use_absolute_position_embeddings=False, layer_scale_init_value=0.1))


def swin(config, **rest):
    return classifier(config(image_size=64, patch_size=2, embed_dim=32, depths=[1, 2, 1], num_heads=[2, 4, 8], window_size=4, **rest))


def mobilevit():
    return classifier(t.MobileViTConfig(image_size=64, hidden_sizes=[48, 64, 80], neck_hidden_sizes=[16, 24, 32, 40, 48, 56, 96], num_attention_heads=4))


def levit():
    return classifier(t.LevitConfig(image_size=64, hidden_sizes=[64, 96, 128], num_attention_heads=[2, 4, 4], depths=[1, 1, 1], key_dim=[16, 16, 16], drop_path_rate=0, stride=2, down_ops=[["Subsample", 16, 4, 4, 2, 2], ["Subsample", 16, 6, 4, 2, 2]]), model=t.LevitForImageClassificationWithTeacher)


def cvt():
    return classifier(t.CvtConfig(embed_dim=[32, 64, 96], num_heads=[1, 2, 4], depth=[1, 2, 3]))


def pvt(config, **rest):
    return classifier(config(image_size=64, hidden_sizes=[16, 32, 64, 96], depths=[1, 1, 1, 1], num_attention_heads=[1, 2, 4, 4], **rest))


def segformer():
    config = t.SegformerConfig(hidden_sizes=[16, 32, 64, 96], depths=[1, 1, 1, 1], num_attention_heads=[1, 2, 4, 4], decoder_hidden_size=64, num_labels=10)
    return images(t.SegformerForSemanticSegmentation(config), ["logits"])


def dpt():
    config = t.DPTConfig(**{**TOWER, "num_hidden_layers": 4}, backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[16, 32, 48, 64], fusion_hidden_size=32, is_hybrid=False)
    return images(t.DPTForDepthEstimation(config), ["predicted_depth"])


def depth_anything():
    tower = t.Dinov2Config(hidden_size=96, num_hidden_layers=4, num_attention_heads=4, image_size=56, patch_size=14, out_indices=[1, 2, 3, 4], reshape_hidden_states=False)
    config = t.DepthAnythingConfig(backbone_config=tower, reassemble_hidden_size=96, patch_size=14, neck_hidden_sizes=[16, 32, 48, 64], fusion_hidden_size=32, head_hidden_size=16)
    return images(t.DepthAnythingForDepthEstimation(config), ["predicted_depth"], 56)


def glpn():
    config = t.GLPNConfig(hidden_sizes=[16, 32, 64, 96], depths=[1, 1, 1, 1], num_attention_heads=[1, 2, 4, 4], decoder_hidden_size=32)
    return images(t.GLPNForDepthEstimation(config), ["predicted_depth"])


def upernet():
    tower = t.ConvNextConfig(hidden_sizes=[16, 32, 64, 96], depths=[1, 1, 2, 1], out_features=["stage1", "stage2", "stage3", "stage4"])
    config = t.UperNetConfig(backbone_config=tower, hidden_size=32, num_labels=10, use_auxiliary_head=False)
    return images(t.UperNetForSemanticSegmentation(config), ["logits"])


def detector(config, model, size=64, **rest):
    return images(model(config), ["logits", "pred_boxes"], size, **rest)


DETR = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None, "d_model": 64, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 128, "decoder_ffn_dim": 128, "num_queries": 12, "num_labels": 10}


def detr():
    return detector(t.DetrConfig(**DETR, backbone_config=resnet_config(out_features=["stage4"])), t.DetrForObjectDetection)


def conditional_detr():
    return detector(t.ConditionalDetrConfig(**DETR, backbone_config=resnet_config(out_features=["stage4"])), t.ConditionalDetrForObjectDetection)


def rt_detr():
    tower = t.RTDetrResNetConfig(embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1], layer_type="basic", out_features=["stage2", "stage3", "stage4"])
    config = t.RTDetrConfig(
        backbone_config=tower, encoder_hidden_dim=64, encoder_in_channels=[32, 48, 64], encoder_ffn_dim=128, encoder_attention_heads=4, d_model=64, num_queries=12,
        decoder_in_channels=[64, 64, 64], decoder_ffn_dim=128, decoder_layers=2, decoder_attention_heads=4, num_denoising=0, num_labels=10, anchor_image_size=(64, 64),
    )
    return detector(config, t.RTDetrForObjectDetection)


def yolos():
    return detector(t.YolosConfig(**{**TOWER, "image_size": [64, 64]}, num_detection_tokens=8, num_labels=10), t.YolosForObjectDetection)


def owl(config, model):
    text = {"vocab_size": 200, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 16, "eos_token_id": 199, "bos_token_id": 198}
    module = model(config(text_config=text, vision_config={**TOWER, "hidden_size": 96}, projection_dim=64))
    inputs = {"input_ids": tokens(198, 8, batch=2), "attention_mask": constant(np.ones((2, 8), np.int64)), "pixel_values": picture(64)}
    return Subject(module, inputs, ["logits", "pred_boxes"])


def tower_of(config_class, model, **rest):
    return backbone(model(config_class(**TOWER, **rest)), outputs=("last_hidden_state", "pooler_output"))


def dinov2():
    return classifier(t.Dinov2Config(hidden_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=56, patch_size=14), 56)


def dinov2_registers():
    return classifier(t.Dinov2WithRegistersConfig(hidden_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=56, patch_size=14, use_swiglu_ffn=True), 56)


def dinov3():
    return backbone(t.DINOv3ViTModel(t.DINOv3ViTConfig(**TOWER, num_register_tokens=4, use_gated_mlp=True)), outputs=("last_hidden_state", "pooler_output"))


def siglip2_vision():
    config = t.Siglip2VisionConfig(hidden_size=96, num_hidden_layers=2, num_attention_heads=4, intermediate_size=192, num_patches=16, patch_size=8)
    inputs = {
        "pixel_values": floats(1, 16, 3 * 8 * 8),
        "pixel_attention_mask": constant(np.ones((1, 16), np.int32)),
    }
    return Subject(t.Siglip2VisionModel(config), inputs, ["last_hidden_state", "pooler_output"], fixed={"spatial_shapes": torch.tensor([[4, 4]])})


def sam_vision():
    config = t.SamVisionConfig(hidden_size=96, output_channels=32, num_hidden_layers=2, num_attention_heads=4, image_size=64, patch_size=8, mlp_dim=192, window_size=4, global_attn_indexes=[1])
    return backbone(t.SamVisionModel(config))


def swin2sr():
    config = t.Swin2SRConfig(image_size=32, patch_size=1, embed_dim=32, depths=[2, 2], num_heads=[2, 2], window_size=8, upscale=2)
    return images(t.Swin2SRForImageSuperResolution(config), ["reconstruction"], 32)


def vitpose():
    tower = t.VitPoseBackboneConfig(image_size=[64, 48], patch_size=[16, 16], hidden_size=96, num_hidden_layers=2, num_attention_heads=4, out_indices=[2])
    return images(t.VitPoseForPoseEstimation(t.VitPoseConfig(backbone_config=tower, num_labels=5, use_pretrained_backbone=False)), ["heatmaps"], (64, 48))


def hiera():
    return classifier(t.HieraConfig(image_size=[64, 64], embed_dim=32, depths=[1, 1, 2, 1], num_heads=[1, 2, 4, 8], patch_kernel=[7, 7]))


def vitmatte():
    tower = t.VitDetConfig(hidden_size=96, num_hidden_layers=2, num_attention_heads=4, image_size=64, pretrain_image_size=64, num_channels=4, window_size=2, window_block_indices=[0], out_features=["stage2"])
    return Subject(t.VitMatteForImageMatting(t.VitMatteConfig(backbone_config=tower, hidden_size=96, fusion_hidden_sizes=[64, 32, 16, 16], convstream_hidden_sizes=[16, 32, 48])), {"pixel_values": picture(64, channels=4)}, ["alphas"])


ARCHITECTURES = {
    "vit": lambda: classifier(t.ViTConfig(**TOWER)),
    "deit": lambda: classifier(t.DeiTConfig(**TOWER), model=t.DeiTForImageClassificationWithTeacher),
    "beit": beit,
    "swin": lambda: swin(t.SwinConfig),
    "swinv2": lambda: swin(t.Swinv2Config),
    "convnext": lambda: classifier(t.ConvNextConfig(hidden_sizes=[32, 48, 64, 96], depths=[1, 1, 2, 1])),
    "convnextv2": lambda: classifier(t.ConvNextV2Config(hidden_sizes=[32, 48, 64, 96], depths=[1, 1, 2, 1])),
    "mobilenet-v1": lambda: classifier(t.MobileNetV1Config(image_size=64, depth_multiplier=0.25)),
    "mobilenet-v2": lambda: classifier(t.MobileNetV2Config(image_size=64, depth_multiplier=0.35)),
    "mobilevit": mobilevit,
    "mobilevit-v2": lambda: classifier(t.MobileViTV2Config(image_size=64, width_multiplier=0.25)),
    "regnet": lambda: classifier(t.RegNetConfig(embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 2, 1], groups_width=8)),
    "resnet": lambda: classifier(resnet_config()),
    "bit": lambda: classifier(t.BitConfig(embedding_size=16, hidden_sizes=[32, 64, 96, 128], depths=[1, 1, 1, 1], num_groups=8)),
    "poolformer": lambda: classifier(t.PoolFormerConfig(hidden_sizes=[16, 32, 64, 96], depths=[1, 1, 2, 1])),
    "efficientnet": lambda: classifier(t.EfficientNetConfig(image_size=64, width_coefficient=0.25, depth_coefficient=0.3, hidden_dim=320, dropout_rate=0)),
    "levit": levit,
    "cvt": cvt,
    "pvt": lambda: pvt(t.PvtConfig, sequence_reduction_ratios=[8, 4, 2, 1]),
    "pvt-v2": lambda: pvt(t.PvtV2Config, linear_attention=False),
    "focalnet": lambda: classifier(t.FocalNetConfig(image_size=64, patch_size=4, embed_dim=32, depths=[1, 1, 2, 1])),
    "swiftformer": lambda: classifier(t.SwiftFormerConfig(image_size=64, embed_dims=[16, 32, 48, 64], depths=[1, 1, 2, 1], drop_path_rate=0)),
    "hiera": hiera,
    "ijepa": lambda: classifier(t.IJepaConfig(**TOWER)),
    "vit-msn": lambda: classifier(t.ViTMSNConfig(**TOWER)),
    "dinov2": dinov2,
    "dinov2-registers": dinov2_registers,
    "dinov3-vit": dinov3,
    "clip-vision": lambda: tower_of(t.CLIPVisionConfig, t.CLIPVisionModel),
    "siglip-vision": lambda: tower_of(t.SiglipVisionConfig, t.SiglipVisionModel),
    "siglip2-vision": siglip2_vision,
    "sam-vision": sam_vision,
    "segformer": segformer,
    "upernet": upernet,
    "dpt": dpt,
    "depth-anything": depth_anything,
    "glpn": glpn,
    "swin2sr": swin2sr,
    "vitpose": vitpose,
    "vitmatte": vitmatte,
    "detr": detr,
    "conditional-detr": conditional_detr,
    "rt-detr": rt_detr,
    "yolos": yolos,
    "owlvit": lambda: owl(t.OwlViTConfig, t.OwlViTForObjectDetection),
    "owlv2": lambda: owl(t.Owlv2Config, t.Owlv2ForObjectDetection),
}
