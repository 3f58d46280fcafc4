"""How often 95 % intervals hold the value that they are about: from single tokens (as llama.cpp prints), and from the differences
between windows with Student's t (as hemoscope does).

The population is every window of 256 tokens of the two bundled texts under the 1M and the 4M model; G of them are drawn with replacement
4,000 times, and the interval of each draw is held against the population's mean.

    pip install torch transformers numpy scipy
    python tests/reference/coverage.py
"""

import copy
from pathlib import Path

import numpy as np
import torch
from scipy.stats import t
from transformers import AutoModelForCausalLM, AutoTokenizer

WEB = Path(__file__).parent.parent.parent / "web"
WINDOW, DRAWS = 256, 4000


def losses(model, windows):
    """Negative log-likelihood of each predicted token, nats, a row for each window."""
    with torch.no_grad():
        logs = [model(batch).logits[:, :-1].log_softmax(-1) for batch in windows.split(8)]
    return -torch.cat(logs).gather(-1, windows[:, 1:, None])[..., 0].double().numpy()


def pruned(model, sparsity):
    model = copy.deepcopy(model)
    for name, values in model.named_parameters():
        if "layers" in name and values.dim() == 2:
            threshold = values.abs().flatten().kthvalue(int(sparsity * values.numel())).values
            values.data[values.abs() <= threshold] = 0
    return model


def coverage(values, draws, random):
    population, mean = len(values), values.mean()
    tokens = windows = 0
    for _ in range(DRAWS):
        drawn = values[random.integers(0, population, draws)]
        error = abs(drawn.mean() - mean)
        tokens += error <= 1.96 * drawn.std(ddof=1) / np.sqrt(drawn.size)
        of_windows = drawn.mean(1).std(ddof=1) / np.sqrt(draws)
        windows += error <= t.ppf(0.975, draws - 1) * of_windows
    return tokens / DRAWS, windows / DRAWS


def main():
    text = "".join((WEB / "texts" / name).read_text() for name in ("evaluation.txt", "calibration.txt"))
    random = np.random.default_rng(0)
    print(f"{'model':14} {'sparsity':>8} {'of':16} {'windows':>7} {'by token':>9} {'by window':>9}")
    for name in ("hemoscope-1m", "hemoscope-4m"):
        folder = WEB / "models" / name
        ids = AutoTokenizer.from_pretrained(folder)(text, add_special_tokens=False)["input_ids"]
        windows = torch.tensor(ids[:len(ids) // WINDOW * WINDOW]).view(-1, WINDOW)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        base = losses(model, windows)
        for sparsity in (0.2, 0.4, 0.6):
            damaged = losses(pruned(model, sparsity), windows)
            for what, values in (("ln(PPL/PPL₀)", damaged - base), ("ln PPL", damaged)):
                for draws in (2, 4, 8, 16, 32):
                    by_token, by_window = coverage(values, draws, random)
                    print(f"{name:14} {sparsity:8} {what:16} {draws:7} {by_token:9.3f} {by_window:9.3f}")


main()
