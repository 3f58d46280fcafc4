#!/usr/bin/env python3
"""Trains one of the embedded models with PyTorch, from the tokens that `train prepare` wrote.

    train prepare --novels novels.txt.xz --stories stories.txt.xz --stories-held-out stories-held-out.txt.xz --out data
    python3 train.py --size hemoscope-4m --data data --out runs/hemoscope-4m

Needs PyTorch (1.13 or newer; on a GPU 2.0 or newer) and numpy. A checkpoint is written with each line of the log and when
the run is asked to end (Ctrl-C, SIGTERM, --stop-at, --stop-after); called again, it resumes from there. The finished
model, a folder that transformers and hemoscope read, is in OUT/model; OUT/log.jsonl has the losses. All sizes see the
same tokens in the same order, which depends only on the seed, the window and the windows per step.

Architecture: Llama (Touvron et al. 2023, https://arxiv.org/abs/2302.13971) with grouped-query attention (Ainslie et al.
2023, https://arxiv.org/abs/2305.13245) and a tied head. Initial weights as in GPT-2 (Radford et al. 2019). AdamW
(Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101), decay on matrices only; linear warm-up, then cosine
decay to 5 % of the rate.
"""

import argparse
import hashlib
import json
import math
import signal
import struct
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# Width and blocks; everything else is the same, so that models differ only in size. The last is for tests.
SIZES = {"hemoscope-1m": (128, 4), "hemoscope-4m": (192, 8), "hemoscope-16m": (320, 14), "hemoscope-test": (64, 2)}
HEAD_DIM, HEADS_PER_KEY, CONTEXT, THETA, EPSILON = 32, 2, 512, 10_000.0, 1e-5
BETAS, DECAY, LARGEST_GRADIENT, FINAL_SHARE = (0.9, 0.95), 0.1, 1.0, 0.05
# Held-out windows of each kind measured for a line of the log.
SAMPLE = 64


def inner_width(hidden):
    return hidden * 5 // 2


def attend(q, k, v):
    """Causal attention; PyTorch before 2.0 has no fused kernel."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    length = q.shape[-2]
    future = torch.ones(length, length, dtype=torch.bool, device=q.device).triu(1)
    scores = (q @ k.transpose(-2, -1) / math.sqrt(HEAD_DIM)).masked_fill(future, -math.inf)
    return scores.softmax(-1) @ v


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        x32 = x.float()
        return (x32 * torch.rsqrt(x32.square().mean(-1, keepdim=True) + EPSILON) * self.weight).to(x.dtype)


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Block(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        narrow, inner = hidden // HEADS_PER_KEY // HEAD_DIM * HEAD_DIM, inner_width(hidden)
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(hidden), RMSNorm(hidden)
        self.q_proj = nn.Linear(hidden, hidden, bias=False)
        self.k_proj = nn.Linear(hidden, narrow, bias=False)
        self.v_proj = nn.Linear(hidden, narrow, bias=False)
        self.o_proj = nn.Linear(hidden, hidden, bias=False)
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x, cos, sin):
        windows, length, hidden = x.shape
        y = self.input_layernorm(x)
        q, k, v = (z.view(windows, length, -1, HEAD_DIM).transpose(1, 2)
                   for z in (self.q_proj(y), self.k_proj(y), self.v_proj(y)))
        k = rotate(k, cos, sin).repeat_interleave(HEADS_PER_KEY, dim=1)
        y = attend(rotate(q, cos, sin), k, v.repeat_interleave(HEADS_PER_KEY, dim=1))
        x = x + self.o_proj(y.transpose(1, 2).reshape(windows, length, hidden))
        y = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))


class Model(nn.Module):
    def __init__(self, hidden, blocks, vocabulary):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, hidden)
        self.layers = nn.ModuleList(Block(hidden) for _ in range(blocks))
        self.norm = RMSNorm(hidden)
        angles = torch.arange(CONTEXT)[:, None] * THETA ** (-torch.arange(HEAD_DIM // 2) / (HEAD_DIM // 2))
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * blocks) if residual else 0.02)

    def forward(self, inputs, targets):
        length = inputs.shape[1]
        x = self.embed_tokens(inputs)
        for layer in self.layers:
            x = layer(x, self.cos[:length].to(x.dtype), self.sin[:length].to(x.dtype))
        logits = F.linear(self.norm(x), self.embed_tokens.weight)
        return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


class Order:
    """Windows of a token stream: in each epoch every window once, in an order and from an offset that depend on the epoch."""

    def __init__(self, tokens, seed, window, windows):
        self.tokens, self.seed, self.window, self.windows = tokens, seed, window, windows
        self.per_epoch = (len(tokens) - 1) // window - 1
        if self.per_epoch < 1:
            raise SystemExit(f"{len(tokens)} tokens are fewer than two windows; train on more text or in shorter windows")
        self.number, self.starts = None, None

    def epoch(self, number):
        random = np.random.Generator(np.random.PCG64([self.seed, number]))
        return int(random.integers(self.window)) + random.permutation(self.per_epoch) * self.window

    def batch(self, step):
        rows = []
        for index in range(step * self.windows, (step + 1) * self.windows):
            number, place = divmod(index, self.per_epoch)
            if number != self.number:
                self.number, self.starts = number, self.epoch(number)
            start = self.starts[place]
            rows.append(self.tokens[start : start + self.window + 1])
        return torch.from_numpy(np.stack(rows).astype(np.int64))


def spread(tokens, window, count):
    """This many windows, evenly spread over a stream; all of them if it has fewer."""
    whole = len(tokens) // window
    count = min(count, whole)
    return torch.from_numpy(
        np.stack([tokens[i * whole // count * window :][:window] for i in range(count)]).astype(np.int64)
    )


def rate_at(step, recipe):
    if step < recipe["warmup"]:
        return recipe["rate"] * (step + 1) / recipe["warmup"]
    done = min(1.0, (step - recipe["warmup"]) / max(1, recipe["steps"] - recipe["warmup"]))
    return recipe["rate"] * (FINAL_SHARE + (1 - FINAL_SHARE) * (1 + math.cos(math.pi * done)) / 2)


def read_tokens(folder, name, part):
    data = (folder / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != part["sha256"]:
        raise SystemExit(f"{folder / name}: not the tokens that corpus.json describes; run `train prepare` again")
    return np.frombuffer(data, dtype="<u2")


def save_safetensors(path, state):
    """The format is a header's length, a JSON header and the bytes: https://github.com/huggingface/safetensors."""
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(state):
        blob = state[name].detach().to(torch.float16).cpu().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F16", "shape": list(state[name].shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def export(model, name, hidden, blocks, vocabulary, data, out):
    out.mkdir(parents=True, exist_ok=True)
    attention = {"q_proj", "k_proj", "v_proj", "o_proj"}
    state = {}
    for key, value in model.state_dict().items():
        parts = key.split(".")
        if parts[0] == "layers" and parts[2] in attention:
            parts.insert(2, "self_attn")
        elif parts[0] == "layers" and parts[2].endswith("_proj"):
            parts.insert(2, "mlp")
        state["model." + ".".join(parts)] = value
    save_safetensors(out / "model.safetensors", state)
    heads = hidden // HEAD_DIM
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "_name_or_path": name, "license": "apache-2.0",
        "hidden_size": hidden, "intermediate_size": inner_width(hidden), "num_hidden_layers": blocks,
        "num_attention_heads": heads, "num_key_value_heads": heads // HEADS_PER_KEY, "head_dim": HEAD_DIM,
        "vocab_size": vocabulary, "max_position_embeddings": CONTEXT, "rope_theta": THETA, "rms_norm_eps": EPSILON,
        "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": True,
        "bos_token_id": 0, "eos_token_id": 0, "torch_dtype": "float16",
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (out / "tokenizer.json").write_bytes((data / "tokenizer.json").read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of `train prepare`")
    parser.add_argument("--out", type=Path, required=True, help="folder of log, checkpoint and model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--window", type=int, default=CONTEXT)
    parser.add_argument("--windows", type=int, default=64)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--warmup", type=int, default=300)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--lines", type=int, default=60, help="of a whole run's log")
    parser.add_argument("--stop-at", type=int, help="step to stop at, with a checkpoint")
    parser.add_argument("--stop-after", type=float, help="seconds to stop after, with a checkpoint")
    args = parser.parse_args()
    recipe = {key: getattr(args, key) for key in ("size", "seed", "window", "windows", "steps", "warmup", "rate")}

    manifest = json.loads((args.data / "corpus.json").read_text())
    training = read_tokens(args.data, "training.tokens", manifest["training"])
    held_out = {
        kind: spread(read_tokens(args.data, f"{kind}-held-out.tokens", manifest[kind]), args.window + 1, SAMPLE)
        for kind in ("novels", "stories")
    }
    cuda = torch.cuda.is_available()
    device = "cuda" if cuda else "cpu"
    torch.manual_seed(args.seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    hidden, blocks = SIZES[args.size]
    model = Model(hidden, blocks, manifest["vocabulary"]).to(device)
    matrices = [p for p in model.parameters() if p.dim() == 2]
    gains = [p for p in model.parameters() if p.dim() == 1]
    fused = {"fused": True} if cuda else {}
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": gains, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=args.rate, betas=BETAS, eps=1e-8, **fused)
    args.out.mkdir(parents=True, exist_ok=True)
    log, checkpoint = args.out / "log.jsonl", args.out / "checkpoint.pt"
    step, before, lines, losses = 0, 0.0, [], []
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        if state["recipe"] != recipe or state["training"] != manifest["training"]["sha256"]:
            raise SystemExit(f"{checkpoint}: a checkpoint of another recipe or text; choose another --out")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, before, losses = state["step"], state["seconds"], list(state["losses"])
        lines = [line for line in log.read_text().splitlines() if json.loads(line)["step"] <= step]
    log.write_text("".join(line + "\n" for line in lines))

    order = Order(training, args.seed, args.window, args.windows)
    run = torch.compile(model) if cuda else model
    every = max(1, args.steps // args.lines)
    started, asked_to_end = time.monotonic(), []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_end.append(True))

    def elapsed():
        return before + time.monotonic() - started

    def loss_of(batch):
        batch = batch.to(device, non_blocking=True)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=cuda):
            return run(batch[:, :-1], batch[:, 1:])

    def save():
        state = {"recipe": recipe, "training": manifest["training"]["sha256"], "model": model.state_dict(),
                 "optimizer": optimizer.state_dict(), "step": step, "seconds": elapsed(), "losses": losses}
        torch.save(state, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)

    last = min(args.steps, args.stop_at or args.steps)
    while step < last:
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, recipe)
        loss = loss_of(order.batch(step))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.detach())
        step += 1
        if step % every == 0 or step == args.steps:
            mean = torch.stack(losses).mean().item()
            losses.clear()
            if not math.isfinite(mean):
                raise SystemExit(f"the loss is {mean} at step {step}")
            with torch.no_grad():
                sample = {
                    kind: sum(len(part) * loss_of(part).item() for part in tokens.split(args.windows)) / len(tokens)
                    for kind, tokens in held_out.items()
                }
            line = json.dumps({"step": step, "tokens": step * args.windows * args.window, "seconds": elapsed(),
                               "rate": rate_at(step - 1, recipe), "loss": mean, **sample})
            print(line, flush=True)
            with log.open("a") as file:
                file.write(line + "\n")
            save()
        if asked_to_end or args.stop_after and time.monotonic() - started > args.stop_after:
            break
    save()
    if step < last:
        print(f"stopped at step {step} of {args.steps}; the same command goes on from there", flush=True)
    if step == args.steps:
        export(model, args.size, hidden, blocks, manifest["vocabulary"], args.data, args.out / "model")


if __name__ == "__main__":
    main()
