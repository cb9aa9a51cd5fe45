"""Operators of com.microsoft that join several of ai.onnx."""

from __future__ import annotations

import numpy as np
from cases import MICROSOFT, Case, floats, rng, single

LOOSE = {"rtol": 1e-3, "atol": 1e-5}


def ms(name: str, op: str, inputs: list, outputs: int = 1, **attributes) -> Case:
    return single(name, op, inputs, outputs, domain=MICROSOFT, tolerance=LOOSE, **attributes)


def elementwise(name: str, op: str, *shapes: tuple, **attributes) -> Case:
    r = rng(name)
    return ms(name, op, [floats(r, *s) for s in shapes], **attributes)


def fused_conv(name: str, activation: str, params: list | None = None, bias=True, residual=False, **attributes) -> Case:
    r = rng(name)
    y = (1, 4, 5, 5)
    inputs = [floats(r, 1, 3, 5, 5), floats(r, 4, 3, 3, 3), floats(r, 4) if bias else None, floats(r, *y) if residual else None]
    while inputs[-1] is None:
        inputs.pop()
    if params:
        attributes["activation_params"] = params
    return ms(name, "FusedConv", inputs, activation=activation, pads=[1, 1, 1, 1], kernel_shape=[3, 3], **attributes)


def skip(name: str, op: str, shape: tuple, skip_shape: tuple | None = None, beta=True, bias=True, outputs=4, **attributes) -> Case:
    r = rng(name)
    h = shape[-1:]
    inputs = [floats(r, *shape), floats(r, *(skip_shape or shape)), floats(r, *h)]
    if op == "SkipLayerNormalization":
        inputs.append(floats(r, *h) if beta else None)
    inputs.append(floats(r, *h) if bias else None)
    while inputs[-1] is None:
        inputs.pop()
    c = ms(name, op, inputs, outputs, **attributes)
    if outputs == 4:  # ONNX Runtime's CPU kernel leaves the statistics unset
        c.nodes[0].output[1] = c.nodes[0].output[2] = ""
        c.outputs = [c.outputs[0], c.outputs[3]]
    return c


def embed(name: str, segments=True, mask=True, positions=False, outputs=3, quantized=False, **attributes) -> Case:
    r = rng(name)
    b, s, h, words = 2, 4, 8, 10
    ids = r.randint(0, words, (b, s)).astype(np.int32)
    seg = r.randint(0, 2, (b, s)).astype(np.int32) if segments else None
    m = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32) if mask else None
    if quantized:
        table = lambda *shape: r.randint(0, 256, shape).astype(np.uint8)
        scale = lambda: np.float32(0.01 + 0.01 * np.round(r.rand(), 2))
        zero = lambda: np.uint8(r.randint(100, 150))
        inputs = [ids, seg, table(words, h), table(8, h), table(2, h) if segments else None, table(h), table(h), m]
        inputs += [np.array(scale()) for _ in range(2)] + [np.array(scale()) if segments else None] + [np.array(scale()) for _ in range(2)]
        inputs += [np.array(zero()) for _ in range(2)] + [np.array(zero()) if segments else None] + [np.array(zero()) for _ in range(2)]
        return ms(name, "QEmbedLayerNormalization", inputs, 2, **attributes)
    inputs = [ids, seg, floats(r, words, h), floats(r, 8, h), floats(r, 2, h) if segments else None, floats(r, h), floats(r, h), m]
    if positions:
        inputs.append(r.randint(0, 8, (b, s)).astype(np.int32))
    while inputs[-1] is None:
        inputs.pop()
    return ms(name, "EmbedLayerNormalization", inputs, outputs, **attributes)


CASES = [
    elementwise("ms_bias_gelu", "BiasGelu", (2, 3, 4), (4,)),
    elementwise("ms_bias_gelu_1d", "BiasGelu", (5,), (5,)),
    elementwise("ms_bias_gelu_2d", "BiasGelu", (3, 7), (7,)),
    elementwise("ms_dynamic_time_warping", "DynamicTimeWarping", (5, 7)),
    elementwise("ms_dynamic_time_warping_batch", "DynamicTimeWarping", (1, 9, 4)),
    elementwise("ms_dynamic_time_warping_row", "DynamicTimeWarping", (1, 6)),
    embed("ms_embed_layer_norm"),
    embed("ms_embed_layer_norm_no_mask", mask=False, epsilon=0.1),
    embed("ms_embed_layer_norm_no_segments", segments=False),
    embed("ms_embed_layer_norm_positions", positions=True),
    elementwise("ms_gelu", "Gelu", (2, 5)),
    elementwise("ms_gelu_1d", "Gelu", (9,)),
    elementwise("ms_gelu_4d", "Gelu", (2, 1, 2, 3)),
    elementwise("ms_fast_gelu", "FastGelu", (2, 3, 4)),
    elementwise("ms_fast_gelu_1d", "FastGelu", (6,), (6,)),
    elementwise("ms_fast_gelu_bias", "FastGelu", (2, 3, 4), (4,)),
    fused_conv("ms_fused_conv_clip", "Clip", [-0.5, 1.5]),
    fused_conv("ms_fused_conv_hard_sigmoid", "HardSigmoid", [0.3, 0.4], bias=False),
    fused_conv("ms_fused_conv_leaky", "LeakyRelu", [0.2]),
    fused_conv("ms_fused_conv_relu", "Relu"),
    fused_conv("ms_fused_conv_residual", "Relu", residual=True),
    fused_conv("ms_fused_conv_sigmoid", "Sigmoid"),
    elementwise("ms_fused_gemm", "FusedGemm", (2, 3), (3, 4), (4,), activation="Relu"),
    elementwise("ms_fused_gemm_leaky", "FusedGemm", (3, 2), (4, 3), (2, 4), transA=1, transB=1, activation="LeakyRelu", activation_alpha=0.3),
    elementwise("ms_fused_gemm_scaled", "FusedGemm", (2, 3), (3, 4), (2, 1), alpha=0.5, beta=2.0, activation="Tanh"),
    elementwise("ms_fused_matmul", "FusedMatMul", (2, 3, 4), (2, 4, 5), alpha=0.25),
    elementwise("ms_fused_matmul_batch", "FusedMatMul", (3, 2, 4), (5, 2, 4), transBatchA=1, transBatchB=1, transB=1),
    elementwise("ms_fused_matmul_batch_a", "FusedMatMul", (4, 2, 3), (2, 4, 5), transBatchA=1, transA=1),
    elementwise("ms_fused_matmul_both", "FusedMatMul", (2, 4, 3), (2, 5, 4), transA=1, transB=1),
    elementwise("ms_fused_matmul_vector", "FusedMatMul", (4,), (3, 4), transB=1),
    elementwise("ms_quick_gelu", "QuickGelu", (3, 4)),
    elementwise("ms_quick_gelu_1d", "QuickGelu", (5,), alpha=0.5),
    elementwise("ms_quick_gelu_silu", "QuickGelu", (2, 3, 4), alpha=1.0),
    embed("ms_qembed_layer_norm", quantized=True),
    embed("ms_qembed_layer_norm_no_mask", quantized=True, mask=False),
    embed("ms_qembed_layer_norm_no_segments", quantized=True, segments=False),
    skip("ms_skip_layer_norm", "SkipLayerNormalization", (2, 3, 8)),
    skip("ms_skip_layer_norm_2d", "SkipLayerNormalization", (3, 8), bias=False, outputs=1),
    skip("ms_skip_layer_norm_broadcast", "SkipLayerNormalization", (2, 3, 8), (1, 3, 8), epsilon=0.1),
    skip("ms_skip_layer_norm_no_beta", "SkipLayerNormalization", (2, 3, 8), (3, 8), beta=False),
    skip("ms_skip_rms_norm", "SkipSimplifiedLayerNormalization", (2, 3, 8)),
    skip("ms_skip_rms_norm_2d", "SkipSimplifiedLayerNormalization", (3, 8), bias=False, outputs=1),
    skip("ms_skip_rms_norm_broadcast", "SkipSimplifiedLayerNormalization", (2, 3, 8), (1, 3, 8), epsilon=0.1),
    elementwise("ms_transpose_matmul", "TransposeMatMul", (2, 4, 3), (2, 4, 5), transA=1),
    elementwise("ms_transpose_matmul_alpha", "TransposeMatMul", (3, 4), (4, 5), alpha=2.5),
    elementwise("ms_transpose_matmul_b", "TransposeMatMul", (3, 4), (5, 4), transB=1),
    elementwise("ms_unfold", "UnfoldTensor", (2, 7), size=3),
    elementwise("ms_unfold_first", "UnfoldTensor", (6, 2, 3), dim=0, size=2, step=2),
    elementwise("ms_unfold_middle", "UnfoldTensor", (2, 8, 3), dim=-2, size=3, step=2),
]
