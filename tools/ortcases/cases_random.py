"""Operators whose results are random: the models compute statistics and compare them with what they should be, so that
every right implementation gives the same Booleans."""

from __future__ import annotations

import numpy as np
from cases import Case, floats, rng
from onnx import TensorProto, helper

COUNT = 20000  # draws; the bounds below are more than five standard deviations


def f32(x: float) -> np.ndarray:
    return np.array(x, np.float32)


def near(x: str, want: str, within: str, out: str) -> list:
    """out = |x − want| < within"""
    return [
        helper.make_node("Sub", [x, want], [out + "_diff"]),
        helper.make_node("Abs", [out + "_diff"], [out + "_abs"]),
        helper.make_node("Less", [out + "_abs", within], [out]),
    ]


def statistics(name: str, node, mean: float, variance: float, inputs: dict) -> Case:
    """The shape of the draws y, and whether mean and variance are right."""
    deviation = np.sqrt(variance / COUNT)
    nodes = [
        node,
        helper.make_node("Cast", ["y"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Shape", ["y"], ["shape"]),
        helper.make_node("ReduceMean", ["f"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["f", "mean"], ["centered"]),
        helper.make_node("Mul", ["centered", "centered"], ["squares"]),
        helper.make_node("ReduceMean", ["squares"], ["variance"], keepdims=0),
        *near("mean", "mean_want", "mean_within", "mean_right"),
        *near("variance", "variance_want", "variance_within", "variance_right"),
    ]
    constants = {
        "mean_want": f32(mean),
        "mean_within": f32(6 * deviation),
        "variance_want": f32(variance),
        "variance_within": f32(0.08 * variance),
    }
    return Case(name, nodes, inputs, ["shape", "mean_right", "variance_right"], constants)


def bounds(name: str, node, low: float, high: float, inputs: dict) -> Case:
    """Whether all draws y are in [low,high], and reach near both."""
    nodes = [
        node,
        helper.make_node("Cast", ["y"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMin", ["f"], ["min"], keepdims=0),
        helper.make_node("ReduceMax", ["f"], ["max"], keepdims=0),
        *near("min", "low", "margin", "low_right"),
        *near("max", "high", "margin", "high_right"),
        helper.make_node("GreaterOrEqual", ["min", "low"], ["low_kept"]),
        helper.make_node("LessOrEqual", ["max", "high"], ["high_kept"]),
    ]
    constants = {"low": f32(low), "high": f32(high), "margin": f32((high - low) * 0.01)}
    return Case(name, nodes, inputs, ["low_right", "high_right", "low_kept", "high_kept"], constants)


def frequencies(name: str, logits: np.ndarray, count: int, **attributes) -> Case:
    """The shape of draws from categories, and whether each is as frequent as its probability says."""
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    within = 6 * np.sqrt(p * (1 - p) / count)
    nodes = [
        helper.make_node("Multinomial", ["logits"], ["y"], sample_size=count, **attributes),
        helper.make_node("Shape", ["y"], ["shape"]),
        helper.make_node("Cast", ["y"], ["i"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["i", "last"], ["column"]),
        helper.make_node("Equal", ["column", "categories"], ["hits"]),
        helper.make_node("Cast", ["hits"], ["ones"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["ones", "draws"], ["frequency"], keepdims=0),
        *near("frequency", "probability", "within", "right"),
    ]
    constants = {
        "last": np.array([2], np.int64),
        "draws": np.array([1], np.int64),
        "categories": np.arange(logits.shape[1]),
        "probability": p.astype(np.float32),
        "within": within.astype(np.float32),
    }
    return Case(name, nodes, {"logits": logits}, ["shape", "right"], constants)


def draw(op: str, inputs: list | None = None, **attributes):
    return helper.make_node(op, inputs or [], ["y"], **attributes)


SHAPE = [4, COUNT // 8, 2]
LIKE = {"x": np.zeros((COUNT // 4, 4), np.float32)}

CASES = [
    frequencies("multinomial", floats(rng("multinomial"), 2, 4), 5000, seed=3.0),
    frequencies("multinomial_int64", floats(rng("multinomial_int64"), 1, 3), 5000, dtype=TensorProto.INT64, seed=5.0),
    frequencies("multinomial_peaked", np.array([[0.0, 8.0, 1.0]], np.float32), 5000, seed=7.0),
    statistics("random_normal", draw("RandomNormal", shape=SHAPE, seed=1.0), 0, 1, {}),
    statistics("random_normal_double", draw("RandomNormal", shape=SHAPE, dtype=TensorProto.DOUBLE, mean=-3.0, scale=0.5,
        seed=2.0), -3, 0.25, {}),
    statistics("random_normal_like", draw("RandomNormalLike", ["x"], mean=1.0, scale=2.0, seed=4.0), 1, 4, LIKE),
    statistics("random_normal_like_double", draw("RandomNormalLike", ["x"], dtype=TensorProto.DOUBLE, seed=6.0), 0, 1, LIKE),
    statistics("random_normal_like_scaled", draw("RandomNormalLike", ["x"], mean=10.0, scale=0.1, seed=8.0), 10, 0.01, LIKE),
    statistics("random_normal_scaled", draw("RandomNormal", shape=SHAPE, mean=2.0, scale=3.0, seed=3.0), 2, 9, {}),
    bounds("random_uniform_bounds", draw("RandomUniform", shape=SHAPE, low=-1.0, high=3.0, seed=1.0), -1, 3, {}),
    statistics("random_uniform", draw("RandomUniform", shape=SHAPE, seed=2.0), 0.5, 1 / 12, {}),
    statistics("random_uniform_double", draw("RandomUniform", shape=SHAPE, dtype=TensorProto.DOUBLE, low=2.0, high=8.0,
        seed=3.0), 5, 3, {}),
]
