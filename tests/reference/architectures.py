"""Writes tests/fixtures/architectures: a tiny random model of each architecture, as safetensors and as GGUF, and its perplexity by
transformers in f64, on cases/eval.txt: 6 windows of 64 tokens without overlap, all tokens but the first of each scored.

    pip install torch transformers tokenizers gguf numpy
    python tests/reference/architectures.py
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
import transformers
from gguf import GGUFWriter
from tokenizers import Tokenizer
from transformers import (LlamaConfig, LlamaForCausalLM, Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM,
                          Qwen3Config, Qwen3ForCausalLM)

FIXTURES = Path(__file__).parent.parent / "fixtures"
SOURCE = FIXTURES / "cases" / "08-llama3-json"
OUT = FIXTURES / "architectures"
VOCABULARY, HIDDEN, FEED_FORWARD, BLOCKS, HEADS, KV_HEADS, CONTEXT = 320, 32, 48, 2, 4, 2, 256
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32, rope_theta=500.0)
# Name: configuration and model of transformers, what differs from the others, the name in GGUF.
MODELS = {
    "llama3": (LlamaConfig, LlamaForCausalLM, dict(rope_parameters=LLAMA3), "llama"),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, {}, "qwen2"),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM, dict(head_dim=16), "qwen3"),
    "phi3": (Phi3Config, Phi3ForCausalLM, {}, "phi3"),
}
GGUF_NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.qkv_proj": "attn_qkv", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}


def gguf_name(name):
    stem, kind = name.rsplit(".", 1)
    parts = stem.split(".")
    if parts[:2] == ["model", "layers"]:
        return f"blk.{parts[2]}.{GGUF_NAMES['.'.join(parts[3:])]}.{kind}"
    return f"{GGUF_NAMES[stem]}.{kind}"


def interleaved(rows, heads):
    """Rows of query or key as GGUF has them for Llama: the two channels of a pair next to each other."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def divisors(head_dim):
    """What llama.cpp's converter writes to rope_freqs.weight for Llama 3.1."""
    factors = []
    for pair in range(head_dim // 2):
        frequency = LLAMA3["rope_theta"] ** (-2 * pair / head_dim)
        wavelength, original = 2 * math.pi / frequency, LLAMA3["original_max_position_embeddings"]
        if wavelength < original / LLAMA3["high_freq_factor"]:
            factors.append(1.0)
        elif wavelength > original / LLAMA3["low_freq_factor"]:
            factors.append(LLAMA3["factor"])
        else:
            smooth = (original / wavelength - LLAMA3["low_freq_factor"]) / (
                LLAMA3["high_freq_factor"] - LLAMA3["low_freq_factor"])
            factors.append(1 / ((1 - smooth) / LLAMA3["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def write_gguf(path, name, architecture, model, config, tokenizer):
    writer = GGUFWriter(path, architecture)
    head_dim = getattr(config, "head_dim", None) or HIDDEN // HEADS
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_block_count(BLOCKS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda entry: entry[1])
    tokens = [token for token, _ in vocabulary]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_add_bos_token(False)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) if isinstance(merge, list) else merge
                             for merge in tokenizer["model"]["merges"]])
    if name == "llama3":
        writer.add_tensor("rope_freqs.weight", divisors(head_dim))
    for key, tensor in model.state_dict().items():
        values = tensor.float().numpy()
        if architecture == "llama" and "q_proj" in key:
            values = interleaved(values, HEADS)
        if architecture == "llama" and "k_proj" in key:
            values = interleaved(values, KV_HEADS)
        writer.add_tensor(gguf_name(key), np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    tokenizer = json.loads((SOURCE / "tokenizer.json").read_text())
    encode = Tokenizer.from_file(str(SOURCE / "tokenizer.json")).encode
    ids = encode((FIXTURES / "cases" / "eval.txt").read_text(), add_special_tokens=False).ids
    windows = torch.tensor(ids[:6 * 64]).view(6, 64)
    perplexity = {}
    for seed, (name, (config_class, model_class, own, architecture)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        config = config_class(
            vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=FEED_FORWARD, num_hidden_layers=BLOCKS,
            num_attention_heads=HEADS, num_key_value_heads=KV_HEADS, max_position_embeddings=CONTEXT,
            tie_word_embeddings=False, initializer_range=0.3, bos_token_id=None, eos_token_id=None,
            pad_token_id=None, **own)
        config._attn_implementation = "eager"
        model = model_class(config)
        with torch.no_grad():
            for key, values in model.named_parameters():
                if values.dim() == 1:
                    values.copy_(torch.randn_like(values) * 0.3 + (0 if "bias" in key else 1))
        folder = OUT / name
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        shutil.copy(SOURCE / "tokenizer.json", folder)
        write_gguf(OUT / f"{name}.gguf", name, architecture, model, config, tokenizer)
        with torch.no_grad():
            log = model.double().eval()(windows).logits[:, :-1].log_softmax(-1)
            perplexity[name] = round(-log.gather(-1, windows[:, 1:, None]).mean().item(), 9)
    perplexity = {name: round(math.exp(nll), 4) for name, nll in perplexity.items()}
    result = {"transformers": transformers.__version__, "perplexity": perplexity}
    (OUT / "perplexity.json").write_text(json.dumps(result, indent=1) + "\n")
    print(result)


main()
