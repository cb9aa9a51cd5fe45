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


def multihead(name: str, keys=5, mask=None, past=0, bias=False, scores=None, unpacked=False, value=D, buffer=0, outputs=0, **attributes) -> Case:
    """past counts keys, of which a buffer may have more; scores is the shape of attention_bias."""
    r = rng(name)
    kv = [(B, H, keys, D), (B, H, keys, value)] if unpacked else [(B, keys, H * D), (B, keys, H * value)]
    inputs = [floats(r, B, S, H * D), floats(r, *kv[0]), floats(r, *kv[1]), floats(r, H * (2 * D + value)) if bias else None, mask]
    inputs.append(floats(r, *scores) if scores else None)
    length = buffer or past
    inputs += [floats(r, B, H, length, D), floats(r, B, H, length, value)] if length else [None, None]
    inputs.append(ints(past) if buffer else None)
    outputs = outputs or (3 if length else 1)
    return ms(name, "MultiHeadAttention", trimmed(inputs), outputs, num_heads=H, types={"y3": np.float32}, **attributes)


def decoder(name: str, mask=None, past=0, bias=False, scores=None, cross=0, outputs=3, **attributes) -> Case:
    """One query; keys are in a buffer of 6, of which past are there, or cross are given."""
    r = rng(name)
    kv = (B, H, cross, D) if cross else (B, 1, H * D)
    inputs = [floats(r, B, 1, H * D), floats(r, *kv), floats(r, *kv), mask, floats(r, *scores) if scores else None]
    if cross:
        inputs += [None] * 3
    else:
        attributes["past_present_share_buffer"] = 1
        inputs += [floats(r, B, H, 6, D), floats(r, B, H, 6, D), ints(past)]
    inputs += [None, None, floats(r, 3 * H * D) if bias else None]
    if outputs == 4:
        attributes["output_qk"] = 1
    return ms(name, "DecoderMaskedMultiHeadAttention", trimmed(inputs), outputs, num_heads=H, types={"y3": np.float32}, **attributes)


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
    decoder("ms_decoder_attention", past=2),
    decoder("ms_decoder_attention_bias", past=3, bias=True, scores=(1, H, 1, 4), mask=ints([1, 1, 1, 1], [0, 1, 0, 1])),
    decoder("ms_decoder_attention_cross", cross=5, outputs=1, mask=ints([1, 1, 1, 0, 0], [1, 1, 1, 1, 0]), scale=0.3),
    decoder("ms_decoder_attention_empty", past=0),
    decoder("ms_decoder_attention_qk", past=2, outputs=4),
    multihead("ms_multihead"),
    multihead("ms_multihead_bias", bias=True, value=6),
    multihead("ms_multihead_buffer", past=2, buffer=8, keys=S, mask=RAW_PAST),
    multihead("ms_multihead_causal", keys=S, unidirectional=1),
    multihead("ms_multihead_lengths", mask=ints(2, 5), mask_filter_value=-3.0),
    multihead("ms_multihead_lengths_cumulated", mask=ints(2, 4, 0, 3, 6, 0, 5, 10)),
    multihead("ms_multihead_mask_2d", keys=5, mask=RAW_PAST, bias=True, outputs=4),
    multihead("ms_multihead_mask_3d", mask=np.array(rng("mask").randint(0, 2, (B, S, 5)), np.int32), scale=0.2),
    multihead("ms_multihead_past", past=2, keys=S, mask=RAW_PAST, unidirectional=1, scores=(1, H, S, S + 2)),
    multihead("ms_multihead_scores", scores=(B, 1, S, 5), outputs=4),
    multihead("ms_multihead_unpacked", unpacked=True, mask=RAW_PAST),
    multihead("ms_multihead_unpacked_bias", unpacked=True, bias=True, outputs=3),
    qattention("ms_qattention"),
    qattention("ms_qattention_columns", columns=True, signed=True, mask=ints(2, 3)),
    qattention("ms_qattention_past", past=2, mask=RAW_PAST, unidirectional=1, signed=True),
    qattention("ms_qattention_raw", mask=RAW, zeros=False, signed=True),
]
