"""Language and audio architectures of transformers: encoders, decoders (prefill without a cache), sequence to sequence."""

import transformers as t

from subject import Subject, floats, mask, tokens

WORDS = 320
LENGTH = 24
ENCODER = {"vocab_size": WORDS, "hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 192, "max_position_embeddings": 64}
DECODER = {**ENCODER, "num_key_value_heads": 2}
SEQUENCE = {"input_ids": {1: "length"}, "attention_mask": {1: "length"}}


def encoder(config, outputs=("last_hidden_state",)):
    inputs = {"input_ids": tokens(WORDS, LENGTH, low=10), "attention_mask": mask(LENGTH)}
    return Subject(t.AutoModel.from_config(config), inputs, list(outputs), dynamic=SEQUENCE)


def decoder(config):
    inputs = {"input_ids": tokens(WORDS, LENGTH, low=10), "attention_mask": mask(LENGTH)}
    return Subject(t.AutoModelForCausalLM.from_config(config), inputs, ["logits"], fixed={"use_cache": False}, dynamic=SEQUENCE)


def sequence_to_sequence(model, **rest):
    inputs = {"input_ids": tokens(WORDS, LENGTH, low=10), "decoder_input_ids": tokens(WORDS, 8, low=10)}
    return Subject(model, inputs, ["logits"], fixed={"use_cache": False}, **rest)


T5 = {"vocab_size": WORDS, "d_model": 96, "d_kv": 24, "d_ff": 192, "num_layers": 2, "num_heads": 4}
BART = {"vocab_size": WORDS, "d_model": 96, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 192, "decoder_ffn_dim": 192, "max_position_embeddings": 64}
WHISPER = {**BART, "num_mel_bins": 40, "max_source_positions": 32, "max_target_positions": 64}


def t5_encoder():
    return Subject(t.T5EncoderModel(t.T5Config(**T5, feed_forward_proj="gated-gelu")), {"input_ids": tokens(WORDS, LENGTH), "attention_mask": mask(LENGTH)}, ["last_hidden_state"], dynamic=SEQUENCE)


def whisper_encoder():
    model = t.WhisperModel(t.WhisperConfig(**WHISPER, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)).encoder
    return Subject(model, {"input_features": floats(1, 40, 64)}, ["last_hidden_state"])


def wave(config):
    layers = {"conv_dim": (32, 32, 32), "conv_kernel": (10, 3, 3), "conv_stride": (5, 2, 2), "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}
    return Subject(t.AutoModel.from_config(config(**{**ENCODER, "vocab_size": 32}, **layers)), {"input_values": floats(1, 800)}, ["last_hidden_state"])


def spectrogram():
    config = t.ASTConfig(hidden_size=96, num_hidden_layers=2, num_attention_heads=4, intermediate_size=192, max_length=64, num_mel_bins=32, num_labels=10)
    return Subject(t.ASTForAudioClassification(config), {"input_values": floats(1, 64, 32)}, ["logits"])


ARCHITECTURES = {
    "bert": lambda: encoder(t.BertConfig(**ENCODER), ("last_hidden_state", "pooler_output")),
    "roberta": lambda: encoder(t.RobertaConfig(**ENCODER)),
    "distilbert": lambda: encoder(t.DistilBertConfig(vocab_size=WORDS, dim=96, n_layers=2, n_heads=4, hidden_dim=192, max_position_embeddings=64)),
    "albert": lambda: encoder(t.AlbertConfig(**ENCODER, embedding_size=48)),
    "electra": lambda: encoder(t.ElectraConfig(**ENCODER, embedding_size=48)),
    "mpnet": lambda: encoder(t.MPNetConfig(**ENCODER)),
    "deberta-v2": lambda: encoder(t.DebertaV2Config(**ENCODER, relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=16)),
    "modernbert": lambda: encoder(t.ModernBertConfig(**ENCODER, pad_token_id=0, reference_compile=False, global_attn_every_n_layers=2, local_attention=8)),
    "nomic-roformer": lambda: encoder(t.RoFormerConfig(**ENCODER, embedding_size=96)),
    "gpt2": lambda: decoder(t.GPT2Config(vocab_size=WORDS, n_embd=96, n_layer=2, n_head=4, n_positions=64)),
    "gpt-neox": lambda: decoder(t.GPTNeoXConfig(**ENCODER, rotary_pct=0.5)),
    "gptj": lambda: decoder(t.GPTJConfig(vocab_size=WORDS, n_embd=96, n_layer=2, n_head=4, n_positions=64, rotary_dim=12)),
    "opt": lambda: decoder(t.OPTConfig(vocab_size=WORDS, hidden_size=96, num_hidden_layers=2, num_attention_heads=4, ffn_dim=192, max_position_embeddings=64, word_embed_proj_dim=96)),
    "bloom": lambda: decoder(t.BloomConfig(vocab_size=WORDS, hidden_size=96, n_layer=2, n_head=4)),
    "falcon": lambda: decoder(t.FalconConfig(vocab_size=WORDS, hidden_size=96, num_hidden_layers=2, num_attention_heads=4, new_decoder_architecture=True, num_kv_heads=2)),
    "llama": lambda: decoder(t.LlamaConfig(**DECODER)),
    "mistral": lambda: decoder(t.MistralConfig(**DECODER, sliding_window=8)),
    "qwen2": lambda: decoder(t.Qwen2Config(**DECODER)),
    "qwen3": lambda: decoder(t.Qwen3Config(**DECODER, head_dim=24)),
    "gemma": lambda: decoder(t.GemmaConfig(**DECODER, head_dim=24)),
    "gemma2": lambda: decoder(t.Gemma2Config(**DECODER, head_dim=24, sliding_window=8)),
    "gemma3": lambda: decoder(t.Gemma3TextConfig(**DECODER, head_dim=24, sliding_window=8)),
    "phi": lambda: decoder(t.PhiConfig(**ENCODER)),
    "phi3": lambda: decoder(t.Phi3Config(**DECODER, pad_token_id=0)),
    "stablelm": lambda: decoder(t.StableLmConfig(**DECODER)),
    "olmo2": lambda: decoder(t.Olmo2Config(**DECODER)),
    "smollm3": lambda: decoder(t.SmolLM3Config(**DECODER, pad_token_id=0)),
    "cohere": lambda: decoder(t.CohereConfig(**DECODER)),
    "starcoder2": lambda: decoder(t.Starcoder2Config(**DECODER)),
    "granite": lambda: decoder(t.GraniteConfig(**DECODER)),
    "t5-encoder": t5_encoder,
    "t5": lambda: sequence_to_sequence(t.T5ForConditionalGeneration(t.T5Config(**T5, num_decoder_layers=2, decoder_start_token_id=0))),
    "bart": lambda: sequence_to_sequence(t.BartForConditionalGeneration(t.BartConfig(**BART, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1))),
    "whisper-encoder": whisper_encoder,
    "wav2vec2": lambda: wave(t.Wav2Vec2Config),
    "hubert": lambda: wave(t.HubertConfig),
    "audio-spectrogram": spectrogram,
}
