"""What a recorded case is, and helpers for the tables of cases in the other modules.

A case is a small model with inputs; ONNX Runtime says what its outputs are. Numbers are drawn from a generator that is
seeded with the case's name, so that a case stays as it is when others come and go.
"""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np
from onnx import TensorProto, helper

ML = "ai.onnx.ml"
MICROSOFT = "com.microsoft"


@dataclasses.dataclass
class Case:
    """One model: nodes in order, inputs by name, names of outputs."""

    name: str
    nodes: list
    inputs: dict  # name -> array, or dict for a map
    outputs: list
    initializers: dict = dataclasses.field(default_factory=dict)  # name -> array
    opsets: dict = dataclasses.field(default_factory=lambda: {"": 21, ML: 3, MICROSOFT: 1})
    tolerance: dict | None = None  # {"rtol": ..., "atol": ...}, where 1e-3 and 1e-7 will not do
    types: dict = dataclasses.field(default_factory=dict)  # output -> dtype, where ONNX Runtime does not infer it


def rng(name: str) -> np.random.RandomState:
    """Returns the generator of the case of that name."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def floats(r: np.random.RandomState, *shape: int) -> np.ndarray:
    """Returns float32 numbers of three digits, which read well and pack well."""
    return np.round(r.randn(*shape), 3).astype(np.float32)


def listed(a: np.ndarray) -> list:
    """Returns an array as the list that an attribute wants."""
    return [float(x) for x in np.asarray(a).flatten()]


def single(name: str, op: str, inputs: list, outputs: int = 1, domain: str = "", **attributes) -> Case:
    """Returns the case of one node. inputs are arrays, maps or None for an absent one."""
    extra = {k: attributes.pop(k) for k in ("opsets", "tolerance", "types") if k in attributes}
    names = ["" if x is None else f"x{i}" for i, x in enumerate(inputs)]
    outs = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, outs, domain=domain, **attributes)
    values = {n: x for n, x in zip(names, inputs) if x is not None}
    return Case(name, [node], values, outs, **extra)


def map_type(m: dict):
    """Returns the type of a map: keys are strings or integers, values floats."""
    key = TensorProto.STRING if isinstance(next(iter(m)), str) else TensorProto.INT64
    return helper.make_map_type_proto(key, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
