package onnx

// newestOpsets are the versions of the operator sets that are known: nodes of these and all older ones are read.
//
// https://github.com/onnx/onnx/blob/main/docs/Versioning.md
var newestOpsets = map[string]int64{
	"":                         28,
	"ai.onnx.ml":               5,
	"ai.onnx.preview":          1,
	"ai.onnx.preview.training": 1,
	"com.microsoft":            1,
	"gneiss":                   1,
}

// newestIR is the newest version of the file format that is known.
const newestIR = 14
