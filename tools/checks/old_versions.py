#!/usr/bin/env python3
"""Writes models of one node of an older operator version, with what ONNX Runtime computes.

    pip install numpy onnx onnxruntime
    python3 tools/checks/old_versions.py OUT
    go run ./tools/onnxrun test OUT

Each case is a folder as in ONNX's own tests. Every case is written twice: with the sizes of its inputs declared, and with
ranks left open. ONNX Runtime runs operator versions from opset 7 on; cases that it does not run are listed.
"""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(4)
rng = np.random.default_rng(1)


def f(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def i64(*xs):
    return np.array(xs, np.int64)


def f32(*xs):
    return np.array(xs, np.float32)


CASES = []


def case(opset, op, inputs, outputs=1, weights=(), **attrs):
    """weights are the numbers of the inputs that are initializers."""
    CASES.append((opset, op, inputs, outputs, weights, attrs))


x = f(2, 3, 4)
for op in ["Softmax", "LogSoftmax", "Hardmax"]:
    for opset in [7, 11, 12]:
        for axis in [None, 0, 1, 2] + ([-1, -2, -3] if opset > 7 else []):
            case(opset, op, [x], **({} if axis is None else {"axis": axis}))
        case(opset, op, [f(2, 3, 1, 1)], axis=1)
for op in ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]:
    for opset in [7, 11, 12, 13, 17]:
        if op == "Sum" and opset > 12:
            continue
        data = np.abs(x) + 0.5
        case(opset, "Reduce" + op, [data])
        case(opset, "Reduce" + op, [data], axes=[1], keepdims=0)
        case(opset, "Reduce" + op, [data], axes=[0, 2])
        if opset >= 11:
            case(opset, "Reduce" + op, [data], axes=[-1])
case(13, "ReduceLogSum", [np.array([[3, 4], [50, 6]], np.int32)], axes=[1])
for opset in [7, 11]:
    case(opset, "Squeeze", [f(1, 3, 1)])
    case(opset, "Squeeze", [f(1, 3, 1)], axes=[2])
    case(opset, "Unsqueeze", [f(3, 2)], axes=[0, 3])
    case(opset, "Split", [f(6, 2)], 3, axis=0)
    case(opset, "Split", [f(6, 2)], 2, axis=0, split=[1, 5])
    case(opset, "Flatten", [x])
    case(opset, "Concat", [f(2, 3), f(2, 1)], axis=1)
    case(opset, "Gather", [f(3, 4), i64(0, 2)], axis=1)
case(13, "Split", [f(6, 2)], 3, axis=0)
case(17, "Split", [f(4, 2)], 2, axis=1)
for opset in [7, 9]:
    case(opset, "Slice", [x], starts=[0, -3], ends=[1, 100], axes=[0, 2])
    case(opset, "Slice", [x], starts=[1, 0, 0], ends=[2, 2, -1])
    case(opset, "TopK", [f(3, 5)], 2, k=2)
    case(opset, "TopK", [f(3, 5)], 2, k=2, axis=0)
case(10, "TopK", [f(3, 5), i64(3)], 2)
for opset in [7, 10]:
    for mode in ["constant", "reflect", "edge"]:
        case(opset, "Pad", [f(3, 4)], pads=[1, 0, 2, 1], mode=mode, **({"value": 1.5} if mode == "constant" else {}))
    case(opset, "Dropout", [f(3)], ratio=0.3)
    case(opset, "Clip", [f32(-3, 0.2, 9, np.inf, -np.inf)], min=-1.0, max=1.0)
    case(opset, "Clip", [f32(-3, 0.2, 9, np.inf, -np.inf)])
    case(opset, "OneHot" if opset > 8 else "Identity", *([[i64(1, 0, 2), i64(3).reshape(()), f32(0, 5)]] if opset > 8 else [[f(3)]]))
for mode in ["nearest", "linear"]:
    for scales in [(1, 1, 2, 3), (1, 1, 1.5, 2.5), (1, 1, 1, 2.7)]:
        case(7, "Upsample", [f(1, 2, 3, 4)], scales=[float(s) for s in scales], mode=mode)
        for weights in [(1,), ()]:
            case(9, "Upsample", [f(1, 2, 3, 4), f32(*scales)], weights=weights, mode=mode)
    for scales in [(1, 1, 0.5, 0.4), (1, 1, 2, 3), (1, 1, 0.6, 1.5), (1, 1, 1, 1)]:
        for weights in [(1,), ()]:
            case(10, "Resize", [f(1, 2, 5, 7), f32(*scales)], weights=weights, mode=mode)
for opset in [11, 12]:
    for mode in ["nearest", "linear", "cubic"]:
        for ct in ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]:
            case(opset, "Resize", [f(1, 2, 3, 4), f32(), f32(1, 1, 2, 1.5)], weights=(1, 2), mode=mode, coordinate_transformation_mode=ct)
            case(opset, "Resize", [f(1, 2, 3, 4), f32(), f32(), i64(1, 2, 5, 3)], weights=(1, 2), mode=mode, coordinate_transformation_mode=ct)
    case(opset, "Resize", [f(1, 2, 3, 4), f32(), f32(1, 1, 2, 1.5)], weights=(1, 2), coordinate_transformation_mode="tf_half_pixel_for_nn")
    case(opset, "Resize", [f(1, 1, 4, 4), f32(0, 0, 0.2, 0.3, 1, 1, 0.9, 1.1), f32(), i64(1, 1, 3, 3)], weights=(1, 2), mode="linear",
         coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=7.0)
stats = [f(3), f(3), f(3), np.abs(f(3)) + 0.5]
for opset in [7, 8, 9, 13]:
    case(opset, "BatchNormalization", [f(2, 3, 4)] + stats, epsilon=0.01)
    case(opset, "BatchNormalization", [f(2, 3)] + stats)
case(9, "BatchNormalization", [f(2, 3, 4)] + stats, 5, momentum=0.8)
case(7, "BatchNormalization", [f(2, 3, 4)] + [f(3, 4), f(3, 4), f(3, 4), np.abs(f(3, 4)) + 0.5], spatial=0)
for opset in [7, 9]:
    case(opset, "Gemm", [f(2, 3), f(3, 4), f(4)], alpha=0.5, beta=2.0)
    case(opset, "PRelu", [f(1, 3, 2), f(3, 1)])
    case(opset, "MaxPool", [f(1, 2, 5, 5)], kernel_shape=[2, 2], strides=[2, 2], pads=[1, 0, 1, 0])
    case(opset, "AveragePool", [f(1, 2, 5, 5)], kernel_shape=[3, 3], auto_pad="SAME_UPPER")
    case(opset, "LpPool", [f(1, 2, 5, 5)], kernel_shape=[2, 2], p=3)
    case(opset, "RNN", [f(4, 2, 3), f(1, 5, 3), f(1, 5, 5)], 2, hidden_size=5)
    case(opset, "GRU", [f(4, 2, 3), f(2, 15, 3), f(2, 15, 5), f(2, 30)], 2, hidden_size=5, direction="bidirectional", linear_before_reset=1)
    case(opset, "LSTM", [f(4, 2, 3), f(1, 20, 3), f(1, 20, 5), f(1, 40)], 3, hidden_size=5, direction="reverse")
    case(opset, "Max", [f(3), f(3)])
    case(opset, "Sum", [f(3), f(3), f(3)])
case(9, "Scatter", [f(3, 3), np.array([[1, 0, 2], [0, 2, 1]], np.int64), f(2, 3)])
case(9, "Scatter", [f(1, 5), np.array([[1, 3]], np.int64), f(1, 2)], axis=1)
for opset in [16, 19]:
    for mode in ["bilinear", "nearest", "bicubic"]:
        case(opset, "GridSample", [f(1, 2, 4, 4), np.clip(f(1, 3, 3, 2), -1, 1)], mode=mode, align_corners=1)
    case(opset, "GridSample", [f(1, 2, 4, 4), f(1, 3, 3, 2)], padding_mode="border")
for opset in [10, 15]:
    for mode in ["avg", "max"]:
        case(opset, "RoiAlign", [f(1, 2, 8, 8), f32(0, 0, 5, 5, 1, 2, 6, 7).reshape(2, 4), i64(0, 0)], output_height=2, output_width=3,
             spatial_scale=0.7, sampling_ratio=2, mode=mode)
case(17, "DFT", [f(2, 5, 3, 1)])
case(17, "DFT", [f(2, 5, 3, 2)], axis=2, inverse=1)
case(17, "DFT", [f(2, 6, 1)], onesided=1)
case(18, "GroupNormalization", [f(2, 4, 3), f(2), f(2)], num_groups=2)
case(10, "QuantizeLinear", [f(3, 4), f32(0.02).reshape(()), np.array(128, np.uint8)])
case(10, "DequantizeLinear", [np.array([1, 200, 30], np.uint8), f32(0.02).reshape(()), np.array(128, np.uint8)])
case(13, "QuantizeLinear", [f(3, 4), f32(0.02, 0.03, 0.04, 0.05), np.array([1, 2, 3, 4], np.uint8)], axis=1)
case(10, "NonMaxSuppression", [np.sort(np.abs(f(1, 6, 4)), 2), np.abs(f(1, 1, 6)), i64(3), f32(0.4), f32(0.1)])
case(10, "Mod", [i64(-7, 8, 9), i64(3, -5, 4)])
case(10, "Mod", [f(4), f(4)], fmod=1)


def scan8(lengths):
    """A running sum over each sequence of a batch, one scanned backward beside it."""
    vi = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Add", ["s", "x"], ["t"]), helper.make_node("Mul", ["t", "y"], ["o"])], "body",
        [vi("s", 1, [2]), vi("x", 1, [2]), vi("y", 1, [2])], [vi("t", 1, [2]), vi("o", 1, [2])])
    inputs = [f(3, 2), f(3, 4, 2), f(3, 4, 2)]
    case(8, "Scan", [lengths] + inputs, 2, body=body, num_scan_inputs=2, directions=[0, 0 if lengths is not None else 1])


scan8(None)
scan8(i64(4, 4, 4))


def model_of(opset, op, inputs, outputs, weights, attrs, open_ranks):
    names = [f"x{i}" if v is not None else "" for i, v in enumerate(inputs)]
    outs = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, outs, name="n", **attrs)
    infos = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), None if open_ranks else v.shape)
        for i, (n, v) in enumerate(zip(names, inputs)) if v is not None and i not in weights
    ]
    graph = helper.make_graph(
        [node], "old", infos, [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outs],
        [numpy_helper.from_array(inputs[i], names[i]) for i in weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=4)
    inferred = onnx.shape_inference.infer_shapes(model)
    types = {v.name: v.type.tensor_type.elem_type for v in inferred.graph.output}
    for o in model.graph.output:
        if types.get(o.name):
            o.type.tensor_type.elem_type = types[o.name]
    return model


def run(model, inputs):
    for t in [TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32, TensorProto.UINT8, TensorProto.BOOL]:
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            return session.run(None, inputs)
        except Exception as e:
            error = e
            if "Type Error" not in str(e):
                break
            model.graph.output[-1].type.tensor_type.elem_type = t
    raise error


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for k, (opset, op, inputs, outputs, weights, attrs) in enumerate(CASES):
        for open_ranks in [False, True]:
            try:
                model = model_of(opset, op, inputs, outputs, weights, attrs, open_ranks)
                feeds = {f"x{i}": v for i, v in enumerate(inputs) if v is not None and i not in weights}
                results = run(model, feeds)
            except Exception as e:
                print(f"{op}-{opset} {attrs}: {str(e).strip().splitlines()[0]}")
                break
            folder = os.path.join(sys.argv[1], f"test_{op.lower()}_{opset}_{k:03}{'_open' if open_ranks else ''}")
            data = os.path.join(folder, "test_data_set_0")
            os.makedirs(data, exist_ok=True)
            with open(os.path.join(folder, "tolerance.json"), "w") as out:
                json.dump({"rtol": 1e-3, "atol": 1e-5}, out)
            onnx.save(model, os.path.join(folder, "model.onnx"))
            for kind, values in [("input", list(feeds.values())), ("output", results)]:
                for i, v in enumerate(values):
                    with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as out:
                        out.write(numpy_helper.from_array(np.asarray(v)).SerializeToString())


if __name__ == "__main__":
    main()
