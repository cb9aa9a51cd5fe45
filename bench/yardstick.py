#!/usr/bin/env python3
"""ONNX Runtime or OpenVINO as a worker of the benchmark: reads commands from stdin, answers each with one line.

    yardstick.py onnxruntime|openvino

    version             ok NAME VERSION
    load MODEL DIR N    ok MICROSECONDS     opens MODEL for N threads; DIR holds inputs.tsv (lines of FILE, tab, NAME) and npy files
    run COUNT           ok MICROSECONDS     runs it COUNT times, all together
    save DIR            ok                  writes the outputs as DIR/0.npy and so on
    memory              ok BEFORE PEAK      kilobytes: resident before load, and at most since the start

Whatever fails is answered with "error" and a reason. Needs numpy and onnxruntime or openvino from PyPI.
"""
import ctypes
import importlib.metadata
import importlib.util
import itertools
import sys
import time
from pathlib import Path

import numpy as np


def read_inputs(folder):
    lines = (Path(folder) / 'inputs.tsv').read_text(encoding='utf-8').splitlines()
    pairs = (line.split('\t', 1) for line in lines)
    return {name: np.load(Path(folder) / file) for file, name in pairs}


def status(field):
    for line in open('/proc/self/status'):
        if line.startswith(field + ':'):
            return int(line.split()[1])
    return 0


class OnnxRuntime:
    """All graph optimizations; inputs are bound once, and outputs too after the first run, where they are plain tensors."""

    def __init__(self):
        import onnxruntime
        self.lib = onnxruntime
        onnxruntime.set_default_logger_severity(3)

    def load(self, model, inputs, threads):
        options = self.lib.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = self.lib.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = self.lib.InferenceSession(model, options, providers=['CPUExecutionProvider'])
        self.inputs, self.names = inputs, [o.name for o in self.session.get_outputs()]
        self.outputs = self.call = self.binding = None

    def bind(self):
        binding = self.session.io_binding()
        for name, x in self.inputs.items():
            binding.bind_ortvalue_input(name, self.lib.OrtValue.ortvalue_from_numpy(x))
        for name, y in zip(self.names, self.outputs):
            binding.bind_ortvalue_output(name, self.lib.OrtValue.ortvalue_from_numpy(np.zeros_like(y)))
        self.session.run_with_iobinding(binding)
        self.binding = binding
        inner = getattr(self.session, '_sess', None), getattr(binding, '_iobinding', None)
        if None not in inner:  # saves the wrapper written in Python
            return lambda: inner[0].run_with_iobinding(inner[1], None)
        return lambda: self.session.run_with_iobinding(binding)

    def plain(self):
        self.outputs = self.session.run(self.names, self.inputs)

    def caller(self):
        """The function that runs the model: plainly the first time, which finds the shapes of the outputs."""
        if self.outputs is None:
            return self.plain
        if self.call is None:
            try:
                self.call = self.bind()
            except Exception:  # strings, sequences: no binding
                self.call = self.plain
        return self.call

    def results(self):
        return self.outputs if self.binding is None else self.binding.copy_outputs_to_cpu()


class Shape(ctypes.Structure):
    _fields_ = [('rank', ctypes.c_int64), ('dims', ctypes.POINTER(ctypes.c_int64))]


class PartialShape(ctypes.Structure):
    _fields_ = [('least', ctypes.c_int64), ('most', ctypes.c_int64), ('dims', ctypes.c_void_p)]


class OpenVino:
    """Float32 arithmetic, shapes as the inputs are, tuned for latency with one stream. By the C library inside of the package: a
    call from Python costs many times more, which shows in small models."""

    def __init__(self):
        folder = Path(importlib.util.find_spec('openvino').submodule_search_locations[0]) / 'libs'
        self.lib = ctypes.CDLL(str(next(folder.glob('*openvino_c.*'))))
        self.lib.ov_get_last_err_msg.restype = ctypes.c_char_p
        self.core = self.make('ov_core_create')

    def do(self, function, *args):
        if getattr(self.lib, function)(*args):
            raise RuntimeError(f'{function}: {(self.lib.ov_get_last_err_msg() or b"").decode(errors="replace")}')

    def make(self, function, *args, kind=ctypes.c_void_p):
        """Calls a function that stores what it makes where its last argument points."""
        made = kind()
        self.do(function, *args, ctypes.byref(made))
        return made

    def load(self, model, inputs, threads):
        self.model = model
        net = self.make('ov_core_read_model', self.core, model.encode(), None)
        if inputs:
            names = (ctypes.c_char_p * len(inputs))(*(name.encode() for name in inputs))
            shapes = (PartialShape * len(inputs))()
            for s, x in zip(shapes, inputs.values()):
                self.do('ov_shape_to_partial_shape', Shape(x.ndim, (ctypes.c_int64 * max(x.ndim, 1))(*x.shape)), ctypes.byref(s))
            self.do('ov_model_reshape', net, names, shapes, ctypes.c_size_t(len(inputs)))
        options = ['INFERENCE_PRECISION_HINT', 'f32', 'PERFORMANCE_HINT', 'LATENCY', 'NUM_STREAMS', '1', 'INFERENCE_NUM_THREADS', str(threads)]
        compiled = ctypes.c_void_p()
        self.do('ov_core_compile_model', self.core, net, b'CPU', ctypes.c_size_t(len(options)), ctypes.byref(compiled),
                *(ctypes.c_char_p(o.encode()) for o in options))
        self.count = self.make('ov_compiled_model_outputs_size', compiled, kind=ctypes.c_size_t).value
        self.request = self.make('ov_compiled_model_create_infer_request', compiled)
        for name, x in inputs.items():
            data, size = self.memory(self.make('ov_infer_request_get_tensor', self.request, name.encode()))
            if size != x.nbytes:
                raise RuntimeError(f'input {name}: {size} bytes, want {x.nbytes}')
            ctypes.memmove(data, np.ascontiguousarray(x).ctypes.data, size)

    def memory(self, tensor):
        """The address of a tensor's elements, and their size in bytes."""
        return self.make('ov_tensor_data', tensor), self.make('ov_tensor_get_byte_size', tensor, kind=ctypes.c_size_t).value

    def caller(self):
        infer, request, do = self.lib.ov_infer_request_infer, self.request, self.do
        return lambda: infer(request) and do('ov_infer_request_infer', request)  # the second time, for the message

    def results(self):
        import openvino  # for the element types
        types = [o.element_type.to_dtype() for o in openvino.Core().read_model(self.model).outputs]
        for i, dtype in zip(range(self.count), types):
            tensor = self.make('ov_infer_request_get_output_tensor_by_index', self.request, ctypes.c_size_t(i))
            shape = self.make('ov_tensor_get_shape', tensor, kind=Shape)
            data, size = self.memory(tensor)
            yield np.frombuffer(ctypes.string_at(data, size), dtype).reshape(shape.dims[:shape.rank])


class Worker:
    def __init__(self, kind):
        self.kind = kind
        self.engine = {'onnxruntime': OnnxRuntime, 'openvino': OpenVino}[kind]()

    def version(self):
        return f'{self.kind} {importlib.metadata.version(self.kind)}'

    def load(self, model, folder, threads):
        inputs = read_inputs(folder)
        self.before = status('VmRSS')
        start = time.perf_counter_ns()
        self.engine.load(model, inputs, int(threads))
        return (time.perf_counter_ns() - start) / 1e3

    def run(self, count):
        call = self.engine.caller()
        start = time.perf_counter_ns()
        for _ in itertools.repeat(None, int(count)):
            call()
        return (time.perf_counter_ns() - start) / 1e3

    def save(self, folder):
        for i, y in enumerate(self.engine.results()):
            y = np.asarray(y)
            np.save(Path(folder) / f'{i}.npy', y.astype(str) if y.dtype == object else y)
        return ''

    def memory(self):
        return f'{self.before} {status("VmHWM")}'


def main():
    worker = Worker(sys.argv[1])
    answers = sys.stdout
    sys.stdout = sys.stderr  # libraries that print
    for line in sys.stdin:
        command, *args = line.rstrip('\n').split('\t')
        try:
            answer = f'ok\t{getattr(worker, command)(*args)}'
        except Exception as e:
            answer = 'error\t' + ' '.join(f'{type(e).__name__}: {e}'.split())[:500]
        print(answer, file=answers, flush=True)


if __name__ == '__main__':
    main()
