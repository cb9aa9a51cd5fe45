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


def groupquery(
    name: str, total: list, length=1, capacity=0, packed=False, rotary=0, positions=None, scores=False, sink=False, valid=None,
    bits=0, channels=False, dtype=np.float32, heads=4, size=16, outputs=3, **attributes,
) -> Case:
    """total counts the keys of each batch after the step; capacity is that of the past; rotary is how much of a head turns."""
    r = rng(name)
    draw = lambda *shape: floats(r, *shape).astype(dtype)
    b, kv, d, most = len(total), 2, size, max(total)
    if packed:
        inputs = [draw(b, length, (heads + 2 * kv) * d), None, None]
    else:
        inputs = [draw(b, length, heads * d), draw(b, length, kv * d), draw(b, length, kv * d)]
    scale, types = [None, None], {"y3": dtype}
    if bits:
        scale = [np.round(0.1 + 0.1 * r.rand(*((1, kv, 1, d) if channels else (1,))), 3).astype(np.float32) for _ in range(2)]
        types.update({y: np.int8 if bits == 8 else np.uint8 for y in ("y1", "y2")})
        kind = "PER_CHANNEL" if channels else "PER_TENSOR"
        attributes.update(k_quant_type=kind, v_quant_type=kind, kv_cache_bit_width=bits)
    if capacity:
        if bits:
            dt = np.int8 if bits == 8 else np.uint8
            inputs += [r.randint(np.iinfo(dt).min, np.iinfo(dt).max + 1, (b, kv, capacity, d * bits // 8)).astype(dt) for _ in range(2)]
        else:
            inputs += [draw(b, kv, capacity, d), draw(b, kv, capacity, d)]
    else:
        inputs += [None, None]
    inputs += [np.array(total, np.int32) - 1, np.array(most, np.int32)]
    if rotary:
        attributes["do_rotary"] = 1
        angle = np.arange(16)[:, None] * 10.0 ** -np.arange(rotary // 2)
        inputs += [np.cos(angle).astype(dtype), np.sin(angle).astype(dtype)]
    else:
        inputs += [None, None]
    inputs += [positions, draw(1, heads, length, most) if scores else None, draw(heads) if sink else None, *scale, None, None]
    inputs.append(None if valid is None else np.array(valid, np.int32))
    c = ms(name, "GroupQueryAttention", trimmed(inputs), outputs, num_heads=heads, kv_num_heads=kv, types=types, **attributes)
    if dtype == np.float16:
        c.tolerance = {"rtol": 1e-2, "atol": 1e-2}
    return c


def rotary(name: str, shape: tuple, positions, pairs=4, **attributes) -> Case:
    r = rng(name)
    angle = np.arange(10)[:, None] * 10.0 ** -np.arange(pairs)
    tables = [np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)]
    return ms(name, "RotaryEmbedding", [floats(r, *shape), np.array(positions, np.int64), *tables], **attributes)


def linear(name: str, q=2, kv=2, past=False, rule="gated_delta", wide=False, time=3, **attributes) -> Case:
    r = rng(name)
    inputs = [floats(r, B, time, q * 4), floats(r, B, time, kv * 4), floats(r, B, time, kv * 3)]
    inputs.append(floats(r, B, kv, 4, 3) if past else None)
    inputs.append(-np.abs(floats(r, B, time, kv * (4 if wide else 1))) if "gated" in rule else None)
    inputs.append(np.abs(floats(r, B, time, 1 if wide else kv)) if "delta" in rule else None)
    return ms(name, "LinearAttention", trimmed(inputs), 2, q_num_heads=q, kv_num_heads=kv, update_rule=rule, **attributes)


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
    groupquery("ms_group_query", [3, 3], length=3),
    groupquery("ms_group_query_capacity", [4, 4], capacity=6, packed=True, rotary=16),
    groupquery("ms_group_query_chunk", [5], length=2, capacity=3, rotary=16),
    groupquery("ms_group_query_half", [3], capacity=2, dtype=np.float16, rotary=16),
    groupquery("ms_group_query_interleaved", [3, 3], length=3, packed=True, rotary=16, rotary_interleaved=1),
    groupquery("ms_group_query_noncausal", [3, 3], length=3, causal=0, scale=0.2),
    groupquery("ms_group_query_partial_rotary", [4, 4], capacity=3, rotary=16, size=32),
    groupquery("ms_group_query_positions", [5, 4], capacity=4, rotary=16, positions=np.array([[2], [7]], np.int64)),
    groupquery("ms_group_query_positions_prompt", [3], length=3, rotary=16, positions=np.array([[4, 5, 6]], np.int64)),
    groupquery("ms_group_query_probabilities", [5, 5], capacity=4, local_window_size=3, sink=True, qk_output=2, outputs=4),
    groupquery("ms_group_query_quantized", [4, 3], capacity=4, bits=8),
    groupquery("ms_group_query_quantized_4", [3, 3], length=3, capacity=3, bits=4, channels=True),
    groupquery("ms_group_query_quantized_4_past", [4, 3], capacity=5, bits=4),
    groupquery("ms_group_query_quantized_channels", [4, 4], capacity=3, bits=8, channels=True, rotary=16),
    groupquery("ms_group_query_ragged", [5, 2], capacity=4, rotary=16),
    groupquery("ms_group_query_ragged_window", [6, 3], capacity=7, local_window_size=2, softcap=2.0, scores=True),
    groupquery("ms_group_query_scores", [3, 3], length=3, scores=True, softcap=1.5, qk_output=1, outputs=4),
    groupquery("ms_group_query_sink", [3, 3], length=3, sink=True, softcap=3.0),
    groupquery("ms_group_query_smooth", [4, 4], capacity=3, smooth_softmax=1, scores=True),
    groupquery("ms_group_query_valid", [5, 4], capacity=8, length=2, valid=[2, 2], rotary=16),
    linear("ms_linear_attention"),
    linear("ms_linear_attention_delta", rule="delta", past=True, scale=0.5),
    linear("ms_linear_attention_gated", rule="gated", wide=True, q=4),
    linear("ms_linear_attention_inverse", q=1, kv=2, past=True, wide=True),
    linear("ms_linear_attention_linear", rule="linear", time=1, past=True),
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
    rotary("ms_rotary", (2, 3, 16), [[0, 1, 2], [4, 5, 6]]),
    rotary("ms_rotary_4d", (2, 2, 3, 8), [[0, 1, 2], [4, 5, 6]], interleaved=1),
    rotary("ms_rotary_offset", (2, 3, 16), [5], num_heads=2),
    rotary("ms_rotary_partial", (2, 3, 16), [[0, 1, 2], [4, 5, 6]], pairs=2, num_heads=2, rotary_embedding_dim=4),
    rotary("ms_rotary_partial_interleaved", (1, 3, 16), [2], pairs=2, num_heads=2, rotary_embedding_dim=4, interleaved=1),
    rotary("ms_rotary_scale", (2, 3, 16), [1], scale=2.0),
    qattention("ms_qattention_raw", mask=RAW, zeros=False, signed=True),
]
