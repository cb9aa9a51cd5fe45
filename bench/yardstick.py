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
import importlib.metadata
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


class OpenVino:
    """Float32 arithmetic, shapes as the inputs are, tuned for latency with one stream."""

    def __init__(self):
        import openvino
        self.lib = openvino
        self.core = openvino.Core()

    def load(self, model, inputs, threads):
        net = self.core.read_model(model)
        net.reshape({name: list(x.shape) for name, x in inputs.items()})
        compiled = self.core.compile_model(net, 'CPU', {
            'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY', 'NUM_STREAMS': '1',
            'INFERENCE_NUM_THREADS': str(threads)})
        self.request = compiled.create_infer_request()
        self.kept = [self.lib.Tensor(np.ascontiguousarray(x)) for x in inputs.values()]
        for name, x in zip(inputs, self.kept):
            self.request.set_tensor(name, x)
        base = next(c for c in type(self.request).__mro__ if c.__module__.endswith('_pyopenvino'))
        request = self.request  # the method of the base class does not copy the outputs
        self.call = lambda: base.infer(request, {}, True, False)

    def caller(self):
        return self.call

    def results(self):
        return [np.array(t.str_data if t.element_type == self.lib.Type.string else t.data) for t in self.request.output_tensors]


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
