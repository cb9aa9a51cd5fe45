#!/usr/bin/env python3
"""Writes onnx/schema.txt: the signature of every version of every ONNX operator.

    pip install onnx
    python3 tools/schema/schema.py > onnx/schema.txt

The file is read by onnx/schema.go, which says what the lines mean.
"""

import json
import sys

import numpy
import onnx
import onnx.defs
import onnx.helper

NAMES = {
    "float": "float32",
    "double": "float64",
}


def type_name(s):
    """tensor(float) -> tensor(float32), map(string, float) -> map(string,tensor(float32)), as package tensor writes types."""
    s = s.replace(" ", "")
    head, paren, rest = s.partition("(")
    if not paren:
        return NAMES.get(s, s)
    rest = rest[:-1]
    if head == "map":
        key, _, value = rest.partition(",")
        if "(" not in value:
            value = f"tensor({value})"
        return f"map({type_name(key)},{type_name(value)})"
    return f"{head}({type_name(rest)})"


def param(p):
    text = f"{p.name}:{type_name(p.type_str) if '(' in p.type_str else p.type_str}"
    if p.option == onnx.defs.OpSchema.FormalParameterOption.Optional:
        return text + "?"
    if p.option == onnx.defs.OpSchema.FormalParameterOption.Variadic:
        return text + ("..." if p.is_homogeneous else "***") + str(p.min_arity)
    return text


def value(x):
    if isinstance(x, bytes):
        x = x.decode()
    if isinstance(x, float):
        return repr(float(str(numpy.float32(x))))
    if isinstance(x, (list, tuple)):
        return "[" + ",".join(value(e) for e in x) + "]"
    return json.dumps(x).replace(" ", "\\u0020")


def attribute(a):
    text = f"{a.name}:{a.type.name.lower()}"
    if a.required:
        return text + "!"
    if a.default_value.type != onnx.AttributeProto.UNDEFINED:
        text += "=" + value(onnx.helper.get_attribute_value(a.default_value))
    return text


def main():
    history = {}
    for s in onnx.defs.get_all_schemas_with_history():
        history.setdefault((s.domain, s.name), []).append(s)
    sets, lines = {}, []
    for (domain, name), versions in sorted(history.items()):
        lines.append(f"op {domain or 'ai.onnx'} {name}")
        last = [None] * 4
        for s in sorted(versions, key=lambda s: s.since_version):
            types = []
            for t in s.type_constraints:
                key = " ".join(sorted(type_name(x) for x in t.allowed_type_strs))
                types.append(f"{t.type_param_str}=@{sets.setdefault(key, len(sets))}")
            cells = [
                " ".join(param(p) for p in s.inputs),
                " ".join(param(p) for p in s.outputs),
                " ".join(attribute(s.attributes[k]) for k in sorted(s.attributes)),
                " ".join(types),
            ]
            since = str(s.since_version) + ("-" if s.deprecated else "")
            lines.append("\t".join([since] + ["=" if c == o else c for c, o in zip(cells, last)]))
            last = cells
    print(f"# Operator schemas of ONNX {onnx.__version__}, by tools/schema/schema.py. Do not edit.")
    for key, i in sets.items():
        print(f"types @{i} {key}")
    print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
