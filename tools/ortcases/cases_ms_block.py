"""Operators of com.microsoft for weights in blocks of few bits."""

from __future__ import annotations

import ml_dtypes
import numpy as np
from cases import Case, floats, rng
from cases_ms_attention import trimmed
from cases_ms_fused import ms


def nbits(name: str, bits=4, k=40, n=3, block=16, zeros="", groups=False, bias=False, rows=(2,), dtype=np.float32, flat=False, **attributes) -> Case:
    """zeros is the kind of zero points: none, packed or float."""
    r = rng(name)
    blocks = -(-k // block)
    scales = np.round(0.01 + 0.1 * r.rand(n, blocks), 3).astype(dtype)
    inputs = [floats(r, *rows, k).astype(dtype), r.randint(0, 256, (n, blocks, block * bits // 8)).astype(np.uint8)]
    inputs.append(scales.flatten() if flat else scales)
    if zeros == "packed":
        z = r.randint(0, 256, (n, -(-blocks * bits // 8))).astype(np.uint8)
    else:
        z = np.round(7 + r.rand(n, blocks), 2).astype(dtype) if zeros else None
    inputs.append(z.flatten() if flat and z is not None else z)
    inputs.append((np.arange(k) % blocks).astype(np.int32) if groups else None)
    inputs.append(floats(r, n).astype(dtype) if bias else None)
    c = ms(name, "MatMulNBits", trimmed(inputs), K=k, N=n, bits=bits, block_size=block, **attributes)
    if dtype == np.float16:
        c.tolerance = {"rtol": 1e-2, "atol": 2e-2}
    return c


def bnb4(name: str, kind: int, k=16, n=5, block=16, rows=(2,), **attributes) -> Case:
    r = rng(name)
    size = n * k
    a = floats(r, *rows, k if attributes.get("transB", 1) else n)
    data = r.randint(0, 256, (size + 1) // 2).astype(np.uint8)
    most = np.round(0.5 + r.rand(-(-size // block)), 3).astype(np.float32)
    return ms(name, "MatMulBnb4", [a, data, most], K=k, N=n, block_size=block, quant_type=kind, **attributes)


def fpq4(name: str, kind: int, k=64, n=4, rows=(2,)) -> Case:
    r = rng(name)
    block, head = {0: (32, 4), 1: (32, 5), 2: (64, 4)}[kind]
    blob = []
    for _ in range(n * -(-k // block)):
        blob.append(np.frombuffer(np.float32(0.01 + 0.1 * r.rand()).tobytes(), np.uint8))
        blob.append(r.randint(0, 16, head - 4).astype(np.uint8))
        blob.append(r.randint(0, 256, block // 2).astype(np.uint8))
    inputs = [floats(r, *rows, k), np.concatenate(blob), np.array([k, n], np.int64)]
    c = ms(name, "MatMulFpQ4", inputs, blk_quant_type=kind)
    c.initializers = {x: c.inputs.pop(x) for x in ("x1", "x2")}
    return c


def gather(name: str, dtype, shape: tuple, index, axis=None, gather=0, zeros=False, bits=None, block=16, **attributes) -> Case:
    """shape is that of data; axis is the quantized one, else the last."""
    r = rng(name)
    axis = len(shape) - 1 if axis is None else axis
    if bits:
        attributes["bits"] = bits
    per = 8 // (bits or 8)
    many = list(shape)
    many[axis] = -(-shape[axis] * per // block) if block else 1
    some = list(many)
    some[-1] = -(-some[-1] // per)
    draw = lambda s: (r.randint(0, 256, s).astype(np.uint8) if dtype == np.uint8 else r.randint(0, 8, s).astype(dtype))
    inputs = [draw(shape), np.array(index, np.int64), np.round(0.01 + r.rand(*many), 3).astype(np.float32)]
    if zeros:
        inputs.append(draw(some))
    c = ms(name, "GatherBlockQuantized", inputs, quantize_axis=axis, gather_axis=gather, block_size=block, **attributes)
    c.initializers = {x: c.inputs.pop(x) for x in ("x0", "x2", "x3") if x in c.inputs}
    return c


INT4, UINT4, FP8 = ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.float8_e4m3fn

CASES = [
    gather("ms_gather_block_int4", INT4, (4, 32), [2, 0]),
    gather("ms_gather_block_int4_zeros", INT4, (4, 40), [[1], [3]], zeros=True),
    gather("ms_gather_block_first", UINT4, (32, 4), [1, 3], axis=0, gather=1),
    gather("ms_gather_block_float8", FP8, (4, 32), [1, 3]),
    gather("ms_gather_block_float8_rows", FP8, (4, 10), 3, block=0),
    gather("ms_gather_block_middle", INT4, (3, 32, 4), [[0, 1]], axis=1, gather=2, zeros=True),
    gather("ms_gather_block_range", UINT4, (4, 32), [1, 7, -1]),
    gather("ms_gather_block_same_axis", INT4, (32, 4), [1, 17], axis=0, gather=0),
    gather("ms_gather_block_uint8", np.uint8, (4, 32), [3, 1], bits=8),
    gather("ms_gather_block_uint8_2", np.uint8, (4, 12), [1, 2, 0], bits=2, zeros=True),
    gather("ms_gather_block_uint8_4", np.uint8, (4, 3, 24), [3, -4], bits=4, zeros=True),
    gather("ms_gather_block_uint8_default", np.uint8, (4, 16), 2, bits=4),
    bnb4("ms_matmul_bnb4_fp4", 0),
    bnb4("ms_matmul_bnb4_nf4", 1, rows=(2, 3), block=32),
    bnb4("ms_matmul_bnb4_odd", 1, k=11, n=3),
    fpq4("ms_matmul_fpq4", 0),
    fpq4("ms_matmul_fpq4_part", 0, k=40),
    fpq4("ms_matmul_fpq4_zero", 1, rows=(2, 3)),
    nbits("ms_matmul_nbits"),
    nbits("ms_matmul_nbits_2", bits=2, zeros="packed", k=80),
    nbits("ms_matmul_nbits_8", bits=8, zeros="packed", rows=(2, 3)),
    nbits("ms_matmul_nbits_bias", zeros="packed", bias=True, block=32, k=64),
    nbits("ms_matmul_nbits_flat", zeros="packed", flat=True),
    nbits("ms_matmul_nbits_float_zeros", zeros="float"),
    nbits("ms_matmul_nbits_groups", groups=True, k=48),
    nbits("ms_matmul_nbits_groups_default", groups=True, bias=True),
    nbits("ms_matmul_nbits_half", dtype=np.float16, zeros="packed"),
]
