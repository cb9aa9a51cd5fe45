"""Parses graphs in ONNX's textual syntax with ONNX's own parser.

    python tools/checks/text.py FOLDER

Reads each *.txt of FOLDER, prints a line for each that the parser refuses, and the number that it took. The exit status
is 1 when there was a refusal. Needs the package onnx.
"""

import pathlib
import sys

import onnx.parser


def main() -> int:
    taken = refused = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.txt")):
        text = path.read_text(errors="surrogateescape")
        try:
            onnx.parser.parse_graph(text)
            taken += 1
        except Exception as e:  # the parser raises its own kinds
            refused += 1
            print(f"{path.name}: {str(e).strip()}")
    print(f"{taken} taken, {refused} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
