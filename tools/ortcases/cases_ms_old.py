"""Operators of com.microsoft from before ai.onnx had them."""

from __future__ import annotations

import numpy as np
from cases import floats, rng
from cases_ms_fused import ms


def expand(name: str, shape: tuple, axis: int):
    return ms(name, "ExpandDims", [floats(rng(name), *shape), np.array(axis, np.int32)])


def gather_nd(name: str, shape: tuple, index, dtype=np.int32):
    return ms(name, "GatherND", [floats(rng(name), *shape), np.array(index, dtype)])


def grid(name: str, **attributes):
    r = rng(name)
    return ms(name, "GridSample", [floats(r, 1, 2, 4, 5), np.round(r.uniform(-1.3, 1.3, (1, 3, 3, 2)), 2).astype(np.float32)], **attributes)


def inverse(name: str, *shape: int, dtype=np.float32):
    x = floats(rng(name), *shape) + 2 * np.eye(shape[-1], dtype=np.float32)
    return ms(name, "Inverse", [x.astype(dtype)])


def pad(name: str, shape: tuple, pads, value=None, **attributes):
    inputs = [floats(rng(name), *shape), np.array(pads, np.int64)]
    return ms(name, "Pad", inputs + ([] if value is None else [np.array(value, np.float32)]), **attributes)


def counting(name: str, dtype, *bounds):
    return ms(name, "Range", [np.array(x, dtype) for x in bounds])


def trilu(name: str, shape: tuple, k=None, dtype=np.float32, **attributes):
    x = (floats(rng(name), *shape) * 10).astype(dtype)
    return ms(name, "Trilu", [x] + ([] if k is None else [np.array(k, np.int64)]), **attributes)


def unique(name: str, *x: float):
    return ms(name, "Unique", [np.array(x, np.float32)], 3)


CASES = [
    expand("ms_expand_dims", (2, 3), 1),
    expand("ms_expand_dims_last", (2, 3), -1),
    expand("ms_expand_dims_vector", (4,), 0),
    gather_nd("ms_gather_nd", (2, 3, 4), [[0, 1], [1, 2]]),
    gather_nd("ms_gather_nd_full", (2, 3), [[0, 1], [1, -1]], np.int64),
    gather_nd("ms_gather_nd_nested", (2, 3, 4), [[[1], [0]]]),
    grid("ms_grid_sample"),
    grid("ms_grid_sample_bicubic", mode="bicubic", padding_mode="border", align_corners=1),
    grid("ms_grid_sample_nearest", mode="nearest", padding_mode="reflection"),
    inverse("ms_inverse", 3, 3),
    inverse("ms_inverse_batch", 2, 2, 4, 4, dtype=np.float64),
    inverse("ms_inverse_one", 2, 1, 1),
    pad("ms_pad", (2, 3), [0, 2, 1, 0]),
    pad("ms_pad_edge", (2, 3), [[1, 1, 0, 2]], mode="edge"),
    pad("ms_pad_reflect", (2, 4), [0, 2, 0, 1], mode="reflect"),
    pad("ms_pad_value", (2, 3), [[0, 1, 1, -1]], [1.5]),
    counting("ms_range", np.int64, 2, 7),
    counting("ms_range_float", np.float32, 1, 2.2, 0.25),
    counting("ms_range_vectors", np.int32, [9], [0], [-4]),
    trilu("ms_trilu", (3, 4)),
    trilu("ms_trilu_k", (2, 3, 3), 1, np.int64),
    trilu("ms_trilu_lower", (4, 3), -1, upper=0),
    unique("ms_unique", 2, 1, 1, 3, 4, 3),
    unique("ms_unique_one", 5),
    unique("ms_unique_same", 2, 2, 2),
]
