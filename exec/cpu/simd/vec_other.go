//go:build !amd64 || purego

package simd

func mapAsm(*[NumLevels][NumMaps]MapFunc) {}

func binaryAsm(*[NumLevels][NumBinaries]BinaryRow) {}

func reduceAsm(*[NumLevels][NumReductions]func(x []float32) float32) {}

// The tables of the levels that are not there.
var (
	axpyAsm       [2]func(y []float32, a float32, x, b []float32)
	deviationsAsm [2]func(x []float32, mean float32) float32
	dotAsm        [2]func(x, w []float32) float32
	expSumAsm     [2]func(y, x []float32, m float32) float32
	fromBF16Asm   [2]func(y []float32, x []uint16)
	fromF16Asm    [2]func(y []float32, x []uint16)
	fromInt32Asm  [2]func(y []float32, x []int32, scale float32, zero int32)
	fromInt8Asm   [2]func(y []float32, x []int8, scale float32, zero int32)
	fromUint8Asm  [2]func(y []float32, x []uint8, scale float32, zero int32)
	mulAddAsm     [2]func(y, a, x, b []float32)
	normalizeAsm  [2]func(y, x, gamma, beta []float32, mean, inv float32)
	scaleByAsm    [2]func(y, x, gamma []float32, inv float32)
	shiftAsm      [2]func(y, x []float32, mean, scale, bias float32)
	sumExpAsm     [2]func(x []float32, m float32) float32
	toBF16Asm     [2]func(y []uint16, x []float32)
	toF16Asm      [2]func(y []uint16, x []float32)
	toInt8Asm     [2]func(y []int8, x []float32, scale float32, zero int32)
	toUint8Asm    [2]func(y []uint8, x []float32, scale float32, zero int32)
)

func transposeAsm(*[NumLevels]func(dst []float32, ldd int, src []float32, lds, rows, cols int)) {}
