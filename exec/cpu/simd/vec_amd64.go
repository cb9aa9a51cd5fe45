//go:build amd64 && !purego

package simd

import "math"

func mapAsm(t *[NumLevels][NumMaps]MapFunc) {
	t[AVX2] = [NumMaps]MapFunc{
		Abs:         absAVX2,
		Affine:      affineAVX2,
		Ceil:        ceilAVX2,
		Center:      centerAVX2,
		Clip:        clipAVX2,
		Cos:         trigRow(cosAVX2, math.Cos),
		Elu:         eluAVX2,
		Erf:         erfAVX2,
		Exp:         expAVX2,
		Floor:       floorAVX2,
		Gelu:        geluAVX2,
		GeluTanh:    geluTanhAVX2,
		HardSigmoid: hardSigmoidAVX2,
		HardSwish:   hardSwishAVX2,
		LeakyRelu:   leakyReluAVX2,
		Log:         logAVX2,
		Mish:        mishAVX2,
		Neg:         negAVX2,
		Reciprocal:  reciprocalAVX2,
		Relu:        reluAVX2,
		Round:       roundAVX2,
		Rsqrt:       rsqrtAVX2,
		Sigmoid:     sigmoidAVX2,
		Sin:         trigRow(sinAVX2, math.Sin),
		Softplus:    softplusAVX2,
		Softsign:    softsignAVX2,
		Sqrt:        sqrtAVX2,
		Square:      squareAVX2,
		Swish:       swishAVX2,
		Tanh:        tanhAVX2,
	}
	t[AVX512] = [NumMaps]MapFunc{
		Abs:         absAVX512,
		Affine:      affineAVX512,
		Ceil:        ceilAVX512,
		Center:      centerAVX512,
		Clip:        clipAVX512,
		Cos:         trigRow(cosAVX512, math.Cos),
		Elu:         eluAVX512,
		Erf:         erfAVX512,
		Exp:         expAVX512,
		Floor:       floorAVX512,
		Gelu:        geluAVX512,
		GeluTanh:    geluTanhAVX512,
		HardSigmoid: hardSigmoidAVX512,
		HardSwish:   hardSwishAVX512,
		LeakyRelu:   leakyReluAVX512,
		Log:         logAVX512,
		Mish:        mishAVX512,
		Neg:         negAVX512,
		Reciprocal:  reciprocalAVX512,
		Relu:        reluAVX512,
		Round:       roundAVX512,
		Rsqrt:       rsqrtAVX512,
		Sigmoid:     sigmoidAVX512,
		Sin:         trigRow(sinAVX512, math.Sin),
		Softplus:    softplusAVX512,
		Softsign:    softsignAVX512,
		Sqrt:        sqrtAVX512,
		Square:      squareAVX512,
		Swish:       swishAVX512,
		Tanh:        tanhAVX512,
	}
}

func binaryAsm(t *[NumLevels][NumBinaries]BinaryRow) {
	t[AVX2] = [NumBinaries]BinaryRow{
		Add:     {VV: addVVAVX2, VS: addVSAVX2},
		AddRelu: {VV: addReluVVAVX2, VS: addReluVSAVX2},
		Div:     {VV: divVVAVX2, VS: divVSAVX2, SV: divSVAVX2},
		Max:     {VV: maxVVAVX2, VS: maxVSAVX2},
		Min:     {VV: minVVAVX2, VS: minVSAVX2},
		Mul:     {VV: mulVVAVX2, VS: mulVSAVX2},
		Pow:     powRow(powVVAVX2, powVSAVX2),
		PRelu:   {VV: pReluVVAVX2, VS: pReluVSAVX2},
		Sub:     {VV: subVVAVX2, VS: subVSAVX2, SV: subSVAVX2},
	}
	t[AVX512] = [NumBinaries]BinaryRow{
		Add:     {VV: addVVAVX512, VS: addVSAVX512},
		AddRelu: {VV: addReluVVAVX512, VS: addReluVSAVX512},
		Div:     {VV: divVVAVX512, VS: divVSAVX512, SV: divSVAVX512},
		Max:     {VV: maxVVAVX512, VS: maxVSAVX512},
		Min:     {VV: minVVAVX512, VS: minVSAVX512},
		Mul:     {VV: mulVVAVX512, VS: mulVSAVX512},
		Pow:     powRow(powVVAVX512, powVSAVX512),
		PRelu:   {VV: pReluVVAVX512, VS: pReluVSAVX512},
		Sub:     {VV: subVVAVX512, VS: subVSAVX512, SV: subSVAVX512},
	}
}

func reduceAsm(t *[NumLevels][NumReductions]func(x []float32) float32) {
	t[AVX2] = [NumReductions]func(x []float32) float32{
		Largest:    largestAVX2,
		Smallest:   smallestAVX2,
		Sum:        sumAVX2,
		SumAbs:     sumAbsAVX2,
		SumSquares: sumSquaresAVX2,
	}
	t[AVX512] = [NumReductions]func(x []float32) float32{
		Largest:    largestAVX512,
		Smallest:   smallestAVX512,
		Sum:        sumAVX512,
		SumAbs:     sumAbsAVX512,
		SumSquares: sumSquaresAVX512,
	}
}

var (
	axpyAsm       = [2]func(y []float32, a float32, x, b []float32){axpyAVX2, axpyAVX512}
	deviationsAsm = [2]func(x []float32, mean float32) float32{deviationsAVX2, deviationsAVX512}
	dotAsm        = [2]func(x, w []float32) float32{dotAVX2, dotAVX512}
	expSumAsm     = [2]func(y, x []float32, m float32) float32{expSumAVX2, expSumAVX512}
	fromBF16Asm   = [2]func(y []float32, x []uint16){fromBF16AVX2, fromBF16AVX512}
	fromF16Asm    = [2]func(y []float32, x []uint16){fromF16AVX2, fromF16AVX512}
	fromInt32Asm  = [2]func(y []float32, x []int32, scale float32, zero int32){fromInt32AVX2, fromInt32AVX512}
	fromInt8Asm   = [2]func(y []float32, x []int8, scale float32, zero int32){fromInt8AVX2, fromInt8AVX512}
	fromUint8Asm  = [2]func(y []float32, x []uint8, scale float32, zero int32){fromUint8AVX2, fromUint8AVX512}
	mulAddAsm     = [2]func(y, a, x, b []float32){mulAddAVX2, mulAddAVX512}
	normalizeAsm  = [2]func(y, x, gamma, beta []float32, mean, inv float32){normalizeAVX2, normalizeAVX512}
	scaleByAsm    = [2]func(y, x, gamma []float32, inv float32){scaleByAVX2, scaleByAVX512}
	shiftAsm      = [2]func(y, x []float32, mean, scale, bias float32){shiftAVX2, shiftAVX512}
	sumExpAsm     = [2]func(x []float32, m float32) float32{sumExpAVX2, sumExpAVX512}
	toBF16Asm     = [2]func(y []uint16, x []float32){toBF16AVX2, toBF16AVX512}
	toF16Asm      = [2]func(y []uint16, x []float32){toF16AVX2, toF16AVX512}
	toInt8Asm     = [2]func(y []int8, x []float32, scale float32, zero int32){toInt8AVX2, toInt8AVX512}
	toUint8Asm    = [2]func(y []uint8, x []float32, scale float32, zero int32){toUint8AVX2, toUint8AVX512}
)

func transposeAsm(t *[NumLevels]func(dst []float32, ldd int, src []float32, lds, rows, cols int)) {
	small := []tileFunc{{4, transpose4}}
	medium := append([]tileFunc{{8, transpose8}}, small...)
	t[AVX2] = transposer(medium)
	t[AVX512] = transposer(append([]tileFunc{{16, transpose16}}, medium...))
}
