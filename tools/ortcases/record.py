"""Records what ONNX Runtime computes on small models, as test folders of ONNX's form:

    python3 tools/ortcases/record.py testdata/ortcases [NAME...]

Each case becomes NAME/model.onnx and NAME/test_data_set_0/{input,output}_N.pb. Without names all cases are written, and
folders of cases that are no more are removed. Needs the packages onnx and onnxruntime.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys

import cases_ml
import cases_ms_attention
import cases_ms_block
import cases_ms_fused
import cases_ms_old
import cases_ms_quant
import cases_nn
import cases_random
import numpy as np
import onnx
import onnxruntime
from cases import Case, map_type
from onnx import TensorProto, helper, numpy_helper

MODULES = [cases_ml, cases_ms_attention, cases_ms_block, cases_ms_fused, cases_ms_old, cases_ms_quant, cases_nn, cases_random]


def value_info(name: str, x):
    if isinstance(x, dict):
        return helper.make_value_info(name, map_type(x))
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)


def type_info(name: str, x):
    """The declared type of an output: dimensions are left out, so that they are inferred."""
    if isinstance(x, list):
        return helper.make_value_info(name, helper.make_sequence_type_proto(map_type(x[0])))
    dtype = TensorProto.STRING if x.dtype == object else helper.np_dtype_to_tensor_dtype(x.dtype)
    return helper.make_tensor_value_info(name, dtype, [None] * x.ndim)


def untyped(name: str, dtype=None):
    """The output of which ONNX Runtime infers what is to know, its element type too unless dtype is given."""
    if dtype is None:
        return helper.make_empty_tensor_value_info(name)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), None)


def build(case: Case, outputs) -> onnx.ModelProto:
    graph = helper.make_graph(
        case.nodes,
        case.name,
        [value_info(n, x) for n, x in case.inputs.items()],
        outputs,
        [numpy_helper.from_array(x, n) for n, x in case.initializers.items()],
    )
    used = {n.domain for n in case.nodes}
    opsets = [helper.make_opsetid(d, v) for d, v in case.opsets.items() if d in used or d == ""]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="ortcases")


def run(case: Case) -> list:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    model = build(case, [untyped(o, case.types.get(o)) for o in case.outputs])
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, case.inputs)


def sequence_of_maps(name: str, xs: list):
    s = onnx.SequenceProto(name=name, elem_type=onnx.SequenceProto.DataType.MAP)
    s.map_values.extend(map_proto("", {k: np.float32(v) for k, v in x.items()}) for x in xs)
    return s


def map_proto(name: str, x: dict):
    m = onnx.MapProto(name=name)
    if isinstance(next(iter(x)), str):
        m.key_type = TensorProto.STRING
        m.string_keys.extend(k.encode() for k in x)
    else:
        m.key_type = TensorProto.INT64
        m.keys.extend(x)
    m.values.elem_type = onnx.SequenceProto.DataType.TENSOR
    m.values.tensor_values.extend(numpy_helper.from_array(np.float32(v)) for v in x.values())
    return m


def proto(name: str, x):
    if isinstance(x, dict):
        return map_proto(name, x)
    if isinstance(x, list):
        return sequence_of_maps(name, x)
    return numpy_helper.from_array(np.asarray(x), name)


def write(case: Case, root: pathlib.Path) -> None:
    results = run(case)
    folder = root / case.name
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    model = build(case, [type_info(n, x) for n, x in zip(case.outputs, results)])
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    for i, (n, x) in enumerate(case.inputs.items()):
        (data / f"input_{i}.pb").write_bytes(proto(n, x).SerializeToString(deterministic=True))
    for i, (n, x) in enumerate(zip(case.outputs, results)):
        (data / f"output_{i}.pb").write_bytes(proto(n, x).SerializeToString(deterministic=True))
    if case.tolerance:
        (folder / "tolerance.json").write_text(json.dumps(case.tolerance) + "\n")


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    root, only = pathlib.Path(sys.argv[1]), set(sys.argv[2:])
    cases = [c for m in MODULES for c in m.CASES]
    names = [c.name for c in cases]
    if twice := {n for n in names if names.count(n) > 1}:
        sys.exit(f"cases of one name: {sorted(twice)}")
    if unknown := only - set(names):
        sys.exit(f"no such cases: {sorted(unknown)}")
    for c in cases:
        if not only or c.name in only:
            try:
                write(c, root)
            except Exception as e:
                sys.exit(f"{c.name}: {e}")
    if not only and root.is_dir():
        for folder in root.iterdir():
            if folder.is_dir() and folder.name not in names:
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
