// Onnxrun runs, tests, measures and inspects ONNX models.
//
//	onnxrun MODEL [INPUT...] [-o OUT]      run a model once
//	onnxrun test PATH...                   run ONNX backend-test directories
//	onnxrun bench MODEL [INPUT...]         latency, throughput, memory
//	onnxrun profile MODEL [INPUT...]       per-node time, shapes, kernels; Chrome trace; HTML page
//	onnxrun inspect MODEL                  inputs, outputs, operators, parameters, what would not run and why
//
// Each command explains itself with --help. Exit status: 0 done, 1 failed, 2 wrong usage.
package main
