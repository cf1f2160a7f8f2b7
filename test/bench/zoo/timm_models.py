"""Architectures of timm. Those without arguments for a smaller form are the smallest that the library names."""

import timm
from timm.models import convmixer, metaformer, mlp_mixer, nest

from subject import Positional, Subject, picture

BATCH = {"pixel_values": {0: "batch"}}


def classifier(name, size=64, **arguments):
    return Subject(Positional(timm.create_model(name, pretrained=False, num_classes=10, **arguments)), {"pixel_values": picture(size)}, dynamic=BATCH)


def built(module, size=64):
    """Of a class that takes what the named models fix."""
    return Subject(Positional(module), {"pixel_values": picture(size)}, dynamic=BATCH)


def sized(name, size=64, **arguments):
    """Of a model that is built for one size of pictures."""
    return classifier(name, size, img_size=size, **arguments)


def caformer():
    mixers = [metaformer.SepConv, metaformer.SepConv, metaformer.Attention, metaformer.Attention]
    norms = [metaformer.LayerNorm2dNoBias] * 2 + [metaformer.LayerNormNoBias] * 2
    return built(metaformer.MetaFormer(depths=(1, 1, 1, 1), dims=(32, 48, 64, 96), token_mixers=mixers, norm_layers=norms, num_classes=10))


ARCHITECTURES = {
    "mobilenetv3": lambda: classifier("mobilenetv3_small_050"),
    "mobilenetv4": lambda: classifier("mobilenetv4_conv_small_035"),
    "mobilenetv4-hybrid": lambda: classifier("mobilenetv4_hybrid_medium", 64),
    "efficientnet-lite": lambda: classifier("efficientnet_lite0"),
    "mnasnet": lambda: classifier("mnasnet_small"),
    "fastvit": lambda: classifier("fastvit_t8", layers=(1, 1, 1, 1)),
    "mobileone": lambda: classifier("mobileone_s0"),
    "repvgg": lambda: classifier("repvgg_a0", 32),
    "repvit": lambda: classifier("repvit_m0_9", embed_dim=(24, 32, 48, 64), depth=(1, 1, 2, 1)),
    "efficientformer": lambda: classifier("efficientformer_l1", 224, embed_dims=(24, 32, 48, 96), depths=(1, 1, 1, 2)),
    "efficientformerv2": lambda: classifier("efficientformerv2_s0", 224, embed_dims=(16, 24, 32, 64), depths=(1, 1, 2, 2)),
    "efficientvit": lambda: classifier("efficientvit_b0"),
    "efficientvit-msra": lambda: classifier("efficientvit_m0", 224),
    "ghostnet": lambda: classifier("ghostnet_050"),
    "edgenext": lambda: classifier("edgenext_xx_small"),
    "mixer": lambda: built(mlp_mixer.MlpMixer(img_size=64, patch_size=16, num_blocks=2, embed_dim=96, num_classes=10)),
    "resmlp": lambda: built(mlp_mixer.MlpMixer(img_size=64, patch_size=16, num_blocks=2, embed_dim=96, mlp_ratio=4, block_layer=mlp_mixer.ResBlock, norm_layer=mlp_mixer.Affine, num_classes=10)),
    "gmlp": lambda: built(mlp_mixer.MlpMixer(img_size=64, patch_size=16, num_blocks=2, embed_dim=96, mlp_ratio=4, block_layer=mlp_mixer.SpatialGatingBlock, mlp_layer=mlp_mixer.GatedMlp, num_classes=10)),
    "xcit": lambda: sized("xcit_nano_12_p16_224", 64, depth=2),
    "tiny-vit": lambda: classifier("tiny_vit_5m_224", 224, embed_dims=(32, 48, 64, 96), depths=(1, 1, 2, 1), num_heads=(1, 2, 2, 4)),
    "coatnet": lambda: classifier("coatnet_nano_rw_224", 224),
    "maxvit": lambda: classifier("maxvit_pico_rw_256", 256, embed_dim=(32, 32, 64, 96), depths=(1, 1, 1, 1)),
    "convmixer": lambda: built(convmixer.ConvMixer(dim=64, depth=3, kernel_size=7, patch_size=7, num_classes=10), 56),
    "inception-next": lambda: classifier("inception_next_atto"),
    "nf-regnet": lambda: classifier("nf_regnet_b0"),
    "densenet": lambda: classifier("densenet121", growth_rate=8, block_config=(2, 2, 2, 2)),
    "res2net": lambda: classifier("res2net50_14w_8s", layers=(1, 1, 1, 1)),
    "se-resnet": lambda: classifier("seresnet18"),
    "bottleneck-transformer": lambda: classifier("eca_botnext26ts_256", 256),
    "hrnet": lambda: classifier("hrnet_w18_small"),
    "vovnet": lambda: classifier("ese_vovnet19b_slim_dw"),
    "eva02": lambda: sized("eva02_tiny_patch14_224", 56, depth=2),
    "cait": lambda: sized("cait_xxs24_224", 64, depth=2, embed_dim=96),
    "davit": lambda: classifier("davit_tiny", 224, embed_dims=(32, 48, 64, 96), depths=(1, 1, 1, 1), num_heads=(1, 2, 2, 4)),
    "caformer": caformer,
    "starnet": lambda: classifier("starnet_s050"),
    "visformer": lambda: classifier("visformer_tiny", 224),
    "twins": lambda: classifier("twins_svt_small", 224, embed_dims=(32, 64, 96, 128), depths=(1, 1, 2, 1), num_heads=(1, 2, 2, 4)),
    "crossvit": lambda: classifier("crossvit_tiny_240", 240, depth=((1, 1, 0), (1, 1, 0), (1, 1, 0))),
    "nest": lambda: built(nest.Nest(img_size=64, num_levels=2, embed_dims=(32, 64), num_heads=(1, 2), depths=(1, 2), num_classes=10)),
    "vit-reg-gap": lambda: sized("vit_medium_patch16_reg4_gap_256", 64, depth=2, embed_dim=96, num_heads=4),
    "lambda-resnet": lambda: classifier("lambda_resnet26t", 256),
}
