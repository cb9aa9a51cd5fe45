"""Attention operators of com.microsoft."""

from __future__ import annotations

import numpy as np
from cases import Case, floats, rng
from cases_ms_fused import ms


def trimmed(inputs: list) -> list:
    while inputs[-1] is None:
        inputs.pop()
    return inputs


def ints(*x) -> np.ndarray:
    return np.array(x, np.int32)


B, S, H, D = 2, 3, 2, 4


def attention(name: str, mask=None, past=0, bias=None, sizes=None, present=False, batch=B, **attributes) -> Case:
    """bias is the shape of attention_bias; past counts keys."""
    r = rng(name)
    sizes = sizes or [H * D] * 3
    inputs = [floats(r, batch, S, 6), floats(r, 6, sum(sizes)), floats(r, sum(sizes)), mask]
    inputs.append(floats(r, 2, batch, H, past, D) if past else None)
    inputs.append(floats(r, *bias) if bias else None)
    if sizes != [H * D] * 3:
        attributes["qkv_hidden_sizes"] = sizes
    return ms(name, "Attention", trimmed(inputs), 2 if past or present else 1, num_heads=H, **attributes)


def qattention(name: str, mask=None, past=0, signed=False, columns=False, zeros=True, **attributes) -> Case:
    r = rng(name)
    n = 3 * H * D
    weights = r.randint(-60, 60, (6, n)).astype(np.int8) if signed else r.randint(60, 190, (6, n)).astype(np.uint8)
    many = (n,) if columns else (1,)
    zero = np.full(many, 3, np.int8) if signed else np.full(many, 128, np.uint8)
    inputs = [r.randint(0, 256, (B, S, 6)).astype(np.uint8), weights, floats(r, n), np.array([0.02], np.float32)]
    inputs += [np.round(0.01 + 0.01 * r.rand(*many), 4).astype(np.float32), mask]
    inputs += [np.array([120], np.uint8), zero] if zeros else [None, None]
    inputs.append(floats(r, 2, B, H, past, D) if past else None)
    return ms(name, "QAttention", trimmed(inputs), 2 if past else 1, num_heads=H, **attributes)


RAW = ints([1, 1, 0], [1, 0, 0])
RAW_PAST = ints([1, 1, 1, 1, 0], [0, 0, 1, 1, 1])

CASES = [
    attention("ms_attention"),
    attention("ms_attention_bias", bias=(B, H, S, S)),
    attention("ms_attention_bias_broadcast", mask=RAW, bias=(1, 1, S, S)),
    attention("ms_attention_causal", unidirectional=1, present=True),
    attention("ms_attention_causal_masked", mask=ints([0, 1, 1], [0, 0, 1]), unidirectional=1),
    attention("ms_attention_causal_past", past=2, mask=RAW_PAST, unidirectional=1),
    attention("ms_attention_dummy_mask", mask=ints([1], [1]), unidirectional=1),
    attention("ms_attention_filter", mask=RAW, mask_filter_value=-1.5, scale=0.25),
    attention("ms_attention_lengths", mask=ints(2, 3)),
    attention("ms_attention_mask_2d", mask=RAW),
    attention("ms_attention_mask_3d", mask=np.array(rng("mask").randint(0, 2, (B, S, S)), np.int32)),
    attention("ms_attention_masked_out", mask=ints([0, 0, 0], [1, 0, 1]), unidirectional=1, mask_filter_value=-2.0),
    attention("ms_attention_past", past=2),
    attention("ms_attention_sizes", sizes=[8, 8, 12]),
    attention("ms_attention_starts", mask=ints(3, 2, 1, 0)),
    attention("ms_attention_starts_past", mask=ints(5, 4, 2, 0), past=2, unidirectional=1),
    qattention("ms_qattention"),
    qattention("ms_qattention_columns", columns=True, signed=True, mask=ints(2, 3)),
    qattention("ms_qattention_past", past=2, mask=RAW_PAST, unidirectional=1, signed=True),
    qattention("ms_qattention_raw", mask=RAW, zeros=False, signed=True),
]
