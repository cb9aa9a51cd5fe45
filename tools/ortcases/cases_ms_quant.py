"""Operators of com.microsoft on quantized tensors. One step of a quantized output is allowed, since ONNX Runtime rounds some of
them in integer arithmetic."""

from __future__ import annotations

import numpy as np
from cases import MICROSOFT, Case, floats, rng, single

STEP = {"rtol": 0, "atol": 1}
LOOSE = {"rtol": 1e-3, "atol": 1e-4}


def codes(r, dtype, *shape) -> np.ndarray:
    info = np.iinfo(dtype)
    return r.randint(info.min, info.max + 1, shape).astype(dtype)


def scale(x: float) -> np.ndarray:
    return np.array(x, np.float32)


def zero(dtype, x: int) -> np.ndarray:
    return np.array(x, dtype)


def ms(name, op, inputs, outputs=1, tolerance=None, **attributes) -> Case:
    while inputs[-1] is None:
        inputs.pop()
    return single(name, op, inputs, outputs, domain=MICROSOFT, tolerance=tolerance or STEP, **attributes)


def binary(name, op, a, b, dtype=np.uint8, za=120, zb=130, zc=110) -> Case:
    r = rng(name)
    sc = 0.04 if op == "QLinearAdd" else 0.2
    return ms(name, op, [codes(r, dtype, *a), scale(0.02), zero(dtype, za), codes(r, dtype, *b), scale(0.03), zero(dtype, zb), scale(sc), zero(dtype, zc)])


def unary(name, op, shape, dtype=np.uint8, z=128, zy=0, sy=1 / 256, **attributes) -> Case:
    r = rng(name)
    return ms(name, op, [codes(r, dtype, *shape), scale(0.05), zero(dtype, z), scale(sy), zero(dtype, zy)], **attributes)


def concat(name, dtype, shapes, axis, plain=False) -> Case:
    r = rng(name)
    inputs = [scale(0.05), zero(dtype, 3)]
    for i, s in enumerate(shapes):
        inputs += [codes(r, dtype, *s), scale(0.03 + 0.01 * i), zero(dtype, i)]
    if plain:
        inputs += [floats(r, *shapes[0]), scale(1), zero(dtype, 0)]
    return ms(name, "QLinearConcat", inputs, axis=axis)


def where(name, dtype, c, x, y) -> Case:
    r = rng(name)
    return ms(name, "QLinearWhere", [r.rand(*c) < 0.5, codes(r, dtype, *x), scale(0.03), zero(dtype, 5), codes(r, dtype, *y), scale(0.05),
        zero(dtype, 7), scale(0.06), zero(dtype, 9)])


def conv(name, dtype=np.uint8, last=False, per_channel=False, bias=False, **attributes) -> Case:
    r = rng(name)
    x = codes(r, dtype, 1, 3, 5, 5)
    if last:
        x = x.transpose(0, 2, 3, 1).copy()
    wz = np.zeros(4, np.int8) if per_channel else zero(np.int8, 0)
    ws = np.round(0.01 + 0.01 * r.rand(4), 4).astype(np.float32) if per_channel else scale(0.02)
    w = r.randint(-30, 30, (4, 3, 3, 3)).astype(np.int8)
    inputs = [x, scale(0.03), zero(dtype, 10), w, ws, wz, scale(0.1), zero(dtype, 5)]
    if bias:
        inputs.append(r.randint(-500, 500, 4).astype(np.int32))
    return ms(name, "QLinearConv", inputs, kernel_shape=[3, 3], **({"channels_last": 1} if last else {}), **attributes)


def qgemm(name, ta=0, tb=0, per_column=False, c=True, quantized=True, alpha=1.0, a=np.uint8, b=np.int8) -> Case:
    r = rng(name)
    m, k, n = 3, 4, 5
    bs = np.round(0.01 + 0.01 * r.rand(n), 4).astype(np.float32) if per_column else scale(0.02)
    bz = np.zeros(n, b) if per_column else zero(b, 2)
    inputs = [codes(r, a, *((k, m) if ta else (m, k))), scale(0.03), zero(a, 3), codes(r, b, *((n, k) if tb else (k, n))), bs, bz,
        r.randint(-900, 900, n).astype(np.int32) if c else None]
    if quantized:
        inputs += [scale(0.2), zero(a, 4)]
    return ms(name, "QGemm", inputs, tolerance=STEP if quantized else LOOSE, transA=ta, transB=tb, alpha=alpha)


def to_float(name, shape_a, shape_b, per_column=False, zeros=True, bias=True, b=np.int8) -> Case:
    r = rng(name)
    n = shape_b[-1]
    bs = np.round(0.01 + 0.01 * r.rand(n), 4).astype(np.float32) if per_column else scale(0.02)
    bz = r.randint(0, 5, n).astype(b) if per_column else zero(b, 3)
    return ms(name, "MatMulIntegerToFloat", [codes(r, np.uint8, *shape_a), codes(r, b, *shape_b), scale(0.03), bs,
        zero(np.uint8, 7) if zeros else None, bz if zeros else None, floats(r, n) if bias else None], tolerance=LOOSE)


def dynamic(name, shape_a, shape_b, per_column=False, zeros=True, bias=True, b=np.int8) -> Case:
    r = rng(name)
    n = shape_b[-1]
    bs = np.round(0.01 + 0.01 * r.rand(n), 4).astype(np.float32) if per_column else scale(0.02)
    bz = r.randint(0, 5, n).astype(b) if per_column else zero(b, 3)
    return ms(name, "DynamicQuantizeMatMul", [floats(r, *shape_a), codes(r, b, *shape_b), bs, bz if zeros else None,
        floats(r, n) if bias else None], tolerance=LOOSE)


def pair(name, op, shape, dtype, axis=None, per_axis=False) -> Case:
    """QuantizeLinear or DequantizeLinear."""
    r = rng(name)
    n = shape[axis] if per_axis else 1
    s = np.round(0.01 + 0.05 * r.rand(n), 3).astype(np.float32)
    z = r.randint(0, 9, n).astype(dtype)
    if not per_axis:
        s, z = s.reshape(()), z.reshape(())
    x = floats(r, *shape) if op == "QuantizeLinear" else codes(r, dtype, *shape)
    kw = {} if axis is None else {"axis": axis}
    return ms(name, op, [x, s, z], tolerance=STEP if op == "QuantizeLinear" else LOOSE, **kw)


def lstm(name, directions=1, per_channel=False, weight=np.int8, states=False, **attributes) -> Case:
    """ONNX Runtime quantizes the inputs too, to a 256th of their range."""
    r = rng(name)
    steps, batch, size, hidden = 3, 2, 4, 5
    q = lambda *s: r.randint(-60, 60, s).astype(weight) if weight == np.int8 else r.randint(60, 200, s).astype(weight)
    kinds = (directions, 4 * hidden) if per_channel else (directions,)
    s = lambda: np.full(kinds, 0.01, np.float32)
    z = lambda: np.zeros(kinds, weight) if weight == np.int8 else np.full(kinds, 128, weight)
    inputs = [floats(r, steps, batch, size), q(directions, size, 4 * hidden), q(directions, hidden, 4 * hidden), floats(r, directions, 8 * hidden), None,
        floats(r, directions, batch, hidden) if states else None, floats(r, directions, batch, hidden) if states else None, None, s(), z(), s(), z()]
    c = ms(name, "DynamicQuantizeLSTM", inputs, 3, tolerance={"rtol": 0.02, "atol": 0.02}, hidden_size=hidden, **attributes)
    for i in (1, 2, 8, 9, 10, 11):  # weights have to be constant
        n = f"x{i}"
        c.initializers[n] = c.inputs.pop(n)
    return c


def int16(name, a, b) -> Case:
    r = rng(name)
    return ms(name, "MatMulInteger16", [r.randint(-999, 999, a).astype(np.int16), r.randint(-999, 999, b).astype(np.int16)])


def pool(name, shape, dtype=np.uint8, **attributes) -> Case:
    return ms(name, "NhwcMaxPool", [codes(rng(name), dtype, *shape)], **attributes)


CASES = [
    pair("ms_dequantize", "DequantizeLinear", (3, 4), np.uint8),
    pair("ms_dequantize_axis", "DequantizeLinear", (2, 3, 4), np.int8, 2, True),
    pair("ms_dequantize_int16", "DequantizeLinear", (5,), np.int16),
    lstm("ms_dynamic_quantize_lstm"),
    lstm("ms_dynamic_quantize_lstm_bidirectional", 2, direction="bidirectional"),
    lstm("ms_dynamic_quantize_lstm_per_channel", 1, True, states=True),
    lstm("ms_dynamic_quantize_lstm_uint8", weight=np.uint8),
    dynamic("ms_dynamic_quantize_matmul", (2, 3), (3, 4)),
    dynamic("ms_dynamic_quantize_matmul_columns", (2, 3, 4), (4, 5), per_column=True, b=np.uint8),
    dynamic("ms_dynamic_quantize_matmul_plain", (4, 3), (3, 2), zeros=False, bias=False),
    int16("ms_matmul_integer16", (3, 4), (4, 5)),
    int16("ms_matmul_integer16_batch", (2, 3, 4), (2, 4, 2)),
    int16("ms_matmul_integer16_row", (1, 4), (4, 1)),
    to_float("ms_matmul_integer_to_float", (3, 4), (4, 5)),
    to_float("ms_matmul_integer_to_float_batch", (2, 3, 4), (4, 5), per_column=True, b=np.uint8),
    to_float("ms_matmul_integer_to_float_plain", (3, 4), (4, 5), zeros=False, bias=False),
    pool("ms_nhwc_max_pool", (1, 5, 5, 3), kernel_shape=[2, 2], strides=[2, 2]),
    pool("ms_nhwc_max_pool_pads", (2, 4, 4, 2), np.int8, kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    pool("ms_nhwc_max_pool_same", (1, 5, 6, 1), kernel_shape=[3, 2], auto_pad="SAME_UPPER", strides=[2, 2]),
    qgemm("ms_qgemm"),
    qgemm("ms_qgemm_alpha", alpha=0.5, c=False),
    qgemm("ms_qgemm_columns", per_column=True, b=np.uint8),
    qgemm("ms_qgemm_float", quantized=False),
    qgemm("ms_qgemm_transposed", 1, 1),
    binary("ms_qlinear_add", "QLinearAdd", (2, 3), (2, 3)),
    binary("ms_qlinear_add_broadcast", "QLinearAdd", (2, 1, 3), (4, 1), np.int8, 3, -4, 5),
    binary("ms_qlinear_add_scalar", "QLinearAdd", (4,), (1,)),
    unary("ms_qlinear_average_pool", "QLinearAveragePool", (1, 2, 5, 5), zy=100, sy=0.04, kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    unary("ms_qlinear_average_pool_count", "QLinearAveragePool", (1, 2, 5, 5), np.int8, 3, 4, 0.04, kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1],
        count_include_pad=1),
    unary("ms_qlinear_average_pool_last", "QLinearAveragePool", (1, 4, 4, 3), zy=100, sy=0.04, kernel_shape=[2, 2], channels_last=1),
    concat("ms_qlinear_concat", np.uint8, [(2, 3), (2, 2)], 1),
    concat("ms_qlinear_concat_axis0", np.int8, [(2, 3), (1, 3), (2, 3)], 0),
    concat("ms_qlinear_concat_last", np.uint8, [(1, 2, 2), (1, 2, 3)], -1),
    conv("ms_qlinear_conv"),
    conv("ms_qlinear_conv_bias", np.int8, bias=True, pads=[1, 1, 1, 1]),
    conv("ms_qlinear_conv_channels_last", last=True, per_channel=True, strides=[2, 2]),
    unary("ms_qlinear_global_average_pool", "QLinearGlobalAveragePool", (2, 3, 4, 4), zy=100, sy=0.02),
    unary("ms_qlinear_global_average_pool_int8", "QLinearGlobalAveragePool", (1, 2, 5), np.int8, 3, -4, 0.03),
    unary("ms_qlinear_global_average_pool_last", "QLinearGlobalAveragePool", (1, 3, 4, 2), zy=100, sy=0.02, channels_last=1),
    unary("ms_qlinear_leaky_relu", "QLinearLeakyRelu", (3, 4), zy=20, sy=0.06, alpha=0.1),
    unary("ms_qlinear_leaky_relu_default", "QLinearLeakyRelu", (7,), zy=3, sy=0.04),
    unary("ms_qlinear_leaky_relu_int8", "QLinearLeakyRelu", (2, 3), np.int8, 2, -30, 0.06, alpha=0.5),
    binary("ms_qlinear_mul", "QLinearMul", (2, 3), (2, 3)),
    binary("ms_qlinear_mul_broadcast", "QLinearMul", (2, 1, 3), (4, 1), np.int8, 3, -4, 5),
    binary("ms_qlinear_mul_scalar", "QLinearMul", (4,), (1,)),
    unary("ms_qlinear_sigmoid", "QLinearSigmoid", (3, 4)),
    unary("ms_qlinear_sigmoid_int8", "QLinearSigmoid", (9,), np.int8, 4, -128),
    unary("ms_qlinear_sigmoid_offset", "QLinearSigmoid", (2, 2, 3), zy=10, sy=0.01),
    unary("ms_qlinear_softmax", "QLinearSoftmax", (3, 4), opset=13),
    unary("ms_qlinear_softmax_axis", "QLinearSoftmax", (2, 3, 4), np.int8, 4, -128, axis=1, opset=13),
    unary("ms_qlinear_softmax_flat", "QLinearSoftmax", (2, 3, 4), axis=1, opset=11),
    where("ms_qlinear_where", np.uint8, (3, 4), (3, 4), (3, 4)),
    where("ms_qlinear_where_broadcast", np.int8, (2, 1), (1, 3), (2, 3)),
    where("ms_qlinear_where_scalar", np.uint8, (4,), (1,), (4,)),
    pair("ms_quantize", "QuantizeLinear", (3, 4), np.uint8),
    pair("ms_quantize_axis", "QuantizeLinear", (2, 3, 4), np.int8, 2, True),
    pair("ms_quantize_uint16", "QuantizeLinear", (5,), np.uint16),
]
