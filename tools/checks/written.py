#!/usr/bin/env python3
"""Checks models that Gneiss writes with ONNX's checker and with ONNX Runtime.

    pip install numpy onnx onnxruntime
    python3 tools/checks/written.py FOLDER...

Every model below the folders is read and written again (tools/checks/rewrite). What ONNX's checker says of the model, it has to
say of what was written. Where ONNX Runtime loads and runs the model on the inputs beside it (test_data_set_0), it has to
load and run what was written, with the same outputs. Exit status 1 where that is not so.
"""

import collections
import glob
import os
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnx.numpy_helper
import onnxruntime

onnxruntime.set_default_logger_severity(4)


def load_value(path, kind):
    with open(path, "rb") as f:
        data = f.read()
    if kind == "sequence_type":
        return onnx.numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    if kind == "optional_type":
        return onnx.numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
    return onnx.numpy_helper.to_array(onnx.TensorProto.FromString(data))


def inputs_of(model, path):
    folder = os.path.join(os.path.dirname(path), "test_data_set_0")
    feeds = {}
    for i, value in enumerate(model.graph.input):
        name = os.path.join(folder, f"input_{i}.pb")
        if os.path.exists(name):
            feeds[value.name] = load_value(name, value.type.WhichOneof("value"))
    return feeds


def run(path, feeds):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def same(a, b):
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if a is None or b is None:
        return a is b
    a, b = numpy.asarray(a), numpy.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fc":
        return numpy.allclose(a, b, rtol=1e-3, atol=1e-5, equal_nan=True)
    return bool((a == b).all())


def attempt(f, *args):
    try:
        return f(*args), None
    except Exception as e:  # the checker and ONNX Runtime raise all kinds
        return None, str(e).strip().split("\n")[0]


def check(original, written):
    """Returns what came of one model and why."""
    _, before = attempt(onnx.checker.check_model, original)
    _, after = attempt(onnx.checker.check_model, written)
    if before is None and after is not None:
        return "checker refuses it", after
    model = onnx.load(original, load_external_data=False)
    feeds, why = attempt(inputs_of, model, original)
    if why is not None:
        return "inputs cannot be read", why
    want, why = attempt(run, original, feeds)
    if why is not None:
        return "ONNX Runtime does not run the original", why
    got, why = attempt(run, written, feeds)
    if why is not None:
        return "ONNX Runtime refuses it", why
    random = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli", "Dropout"}
    if not random & {n.op_type for n in model.graph.node} and not same(want, got):
        return "outputs differ", ""
    return "same outputs", ""


def main():
    folders = [os.path.abspath(f) for f in sys.argv[1:]]
    if not folders:
        sys.exit(__doc__)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    counts, failed = collections.Counter(), False
    with tempfile.TemporaryDirectory() as out:
        lines = subprocess.run(
            ["go", "run", "./tools/checks/rewrite", out, *folders], cwd=root, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.splitlines()
        for line in lines:
            original, written, error = line.split("\t")
            result, why = ("not written", error) if error else check(original, written)
            counts[result] += 1
            if result in ("checker refuses it", "ONNX Runtime refuses it", "outputs differ", "not written"):
                failed = failed or result != "not written"
                print(f"{original}: {result}: {why}")
    for result, n in counts.most_common():
        print(f"{n:5} {result}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
