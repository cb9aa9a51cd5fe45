//go:build amd64 && !purego

package simd

func gemmAsm(t *[NumLevels][]func(*GemmArgs)) {
	t[AVX2] = []func(*GemmArgs){
		nil, gemm1AVX2, gemm2AVX2, gemm3AVX2, gemm4AVX2, gemm5AVX2, gemm6AVX2,
	}
	t[AVX512] = []func(*GemmArgs){
		nil, gemm1AVX512, gemm2AVX512, gemm3AVX512, gemm4AVX512, gemm5AVX512, gemm6AVX512, gemm7AVX512,
		gemm8AVX512, gemm9AVX512, gemm10AVX512, gemm11AVX512, gemm12AVX512, gemm13AVX512, gemm14AVX512,
	}
}
