"""Operators of ai.onnx that ONNX's own tests do not cover, or only in part."""

from __future__ import annotations

import numpy as np
from cases import Case, floats, rng, single


def global_lp_pool(name: str, shape: tuple, **attributes) -> Case:
    return single(name, "GlobalLpPool", [floats(rng(name), *shape)], **attributes)


def max_roi_pool(name: str, shape: tuple, rois: list, **attributes) -> Case:
    return single(name, "MaxRoiPool", [floats(rng(name), *shape), np.array(rois, np.float32)], **attributes)


def recurrent(name: str, op: str, seq: int, batch: int, size: int, hidden: int, peepholes=False, lens=None, states=True,
    **attributes) -> Case:
    """A layer with biases and, unless states is false, with initial states."""
    r = rng(name)
    dirs = 2 if attributes.get("direction") == "bidirectional" else 1
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[op]
    inputs = [
        floats(r, seq, batch, size),
        floats(r, dirs, gates * hidden, size),
        floats(r, dirs, gates * hidden, hidden),
        floats(r, dirs, 2 * gates * hidden),
        None if lens is None else np.array(lens, np.int32),
        floats(r, dirs, batch, hidden) if states else None,
    ]
    if op == "LSTM":
        inputs.append(floats(r, dirs, batch, hidden) if states else None)
        inputs.append(floats(r, dirs, 3 * hidden) if peepholes else None)
    while inputs[-1] is None:
        inputs.pop()
    outputs = 3 if op == "LSTM" else 2
    return single(name, op, inputs, outputs, hidden_size=hidden, tolerance={"rtol": 1e-3, "atol": 1e-5}, **attributes)


def attention(name: str, queries: int, keys: int, heads: int, kv: int, mask=None, past: int = 0, outputs: int = 1, packed=False,
    **attributes) -> Case:
    r = rng(name)
    b, d = 2, 4
    q, k, v = floats(r, b, heads, queries, d), floats(r, b, kv, keys, d), floats(r, b, kv, keys, d)
    if packed:
        q, k, v = (x.transpose(0, 2, 1, 3).reshape(b, x.shape[2], -1) for x in (q, k, v))
        attributes.update(q_num_heads=heads, kv_num_heads=kv)
    inputs = [q, k, v, mask and mask(r, queries, past + keys)]
    if past:
        inputs += [floats(r, b, kv, past, d), floats(r, b, kv, past, d)]
    while inputs[-1] is None:
        inputs.pop()
    return single(name, "Attention", inputs, outputs, opsets={"": 23}, tolerance={"rtol": 1e-3, "atol": 1e-5}, **attributes)


def bool_mask(r, q: int, k: int) -> np.ndarray:
    m = r.rand(q, k) < 0.7
    m[:, 0] = True
    return m


def float_mask(r, q: int, k: int) -> np.ndarray:
    return floats(r, q, k)


CASES = [
    attention("attention_bool_mask", 3, 5, 2, 2, mask=bool_mask),
    attention("attention_causal", 4, 4, 2, 1, is_causal=1),
    attention("attention_packed_past", 2, 3, 4, 2, mask=float_mask, past=3, outputs=3, packed=True, scale=0.3),
    attention("attention_softcap", 3, 3, 2, 2, softcap=1.5),
    global_lp_pool("global_lp_pool", (2, 3, 4, 5)),
    global_lp_pool("global_lp_pool_1", (1, 2, 3, 3), p=1),
    global_lp_pool("global_lp_pool_3_1d", (2, 2, 6), p=3),
    global_lp_pool("global_lp_pool_3d", (1, 2, 2, 3, 2)),
    recurrent("gru_activations", "GRU", 4, 2, 3, 2, activations=["HardSigmoid", "Softsign"], activation_alpha=[0.3], activation_beta=[0.4]),
    recurrent("gru_bidirectional_lens", "GRU", 5, 3, 2, 3, lens=[5, 2, 4], direction="bidirectional"),
    recurrent("gru_clip", "GRU", 4, 2, 3, 3, clip=0.4),
    recurrent("gru_linear_before_reset", "GRU", 4, 2, 3, 3, linear_before_reset=1),
    recurrent("gru_reverse", "GRU", 3, 2, 2, 2, direction="reverse", linear_before_reset=1, lens=[3, 1]),
    recurrent("lstm_activations", "LSTM", 4, 2, 3, 2, activations=["Sigmoid", "ScaledTanh", "Elu"], activation_alpha=[1.2, 0.7],
        activation_beta=[0.5]),
    recurrent("lstm_bidirectional_lens", "LSTM", 5, 3, 2, 3, lens=[1, 5, 3], direction="bidirectional"),
    recurrent("lstm_clip", "LSTM", 4, 2, 3, 3, clip=0.5),
    recurrent("lstm_input_forget", "LSTM", 4, 2, 3, 3, input_forget=1),
    recurrent("lstm_peepholes", "LSTM", 4, 2, 3, 3, peepholes=True),
    recurrent("lstm_peepholes_reverse_lens", "LSTM", 4, 2, 3, 3, peepholes=True, direction="reverse", lens=[2, 4]),
    max_roi_pool("max_roi_pool", (1, 2, 6, 6), [[0, 0, 0, 3, 3], [0, 2, 1, 5, 4]], pooled_shape=[2, 2]),
    max_roi_pool("max_roi_pool_batch", (2, 1, 5, 7), [[1, 0, 0, 6, 4], [0, 3, 2, 3, 2], [1, 5, 1, 6, 3]], pooled_shape=[3, 2]),
    max_roi_pool("max_roi_pool_scaled", (1, 1, 8, 8), [[0, 2, 3, 13, 11], [0, 0, 0, 30, 30]], pooled_shape=[2, 3], spatial_scale=0.5),
    recurrent("rnn_affine", "RNN", 4, 2, 3, 2, activations=["Affine"], activation_alpha=[0.6], activation_beta=[0.1]),
    recurrent("rnn_bidirectional_lens", "RNN", 4, 3, 2, 3, direction="bidirectional", activations=["Tanh", "LeakyRelu"],
        activation_alpha=[0.2], lens=[4, 1, 2]),
    recurrent("rnn_no_state", "RNN", 3, 2, 2, 3, states=False),
    recurrent("rnn_softplus", "RNN", 3, 2, 2, 3, activations=["Softplus"]),
    recurrent("rnn_thresholded", "RNN", 3, 2, 2, 3, activations=["ThresholdedRelu"], activation_alpha=[0.3]),
]
