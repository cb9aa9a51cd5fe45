package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestTranspose(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	sides := []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 31, 32, 33, 50}
	for _, l := range levels() {
		for _, rows := range sides {
			for _, cols := range sides {
				ldd, lds := rows+r.IntN(3), cols+r.IntN(3)
				_, src := guarded(max(0, (rows-1)*lds+cols), r)
				all, dst := guarded(max(0, (cols-1)*ldd+rows), nil)
				want := append([]float32(nil), all...)
				for i := range rows {
					for j := range cols {
						want[17+j*ldd+i] = src[i*lds+j]
					}
				}
				Transpose[l](dst, ldd, src, lds, rows, cols)
				for i := range all {
					if all[i] != want[i] {
						t.Fatalf("%v, %d x %d, strides %d and %d: element %d is %v, want %v", l, rows, cols, ldd, lds, i-17, all[i], want[i])
					}
				}
			}
		}
	}
}

func BenchmarkTranspose(b *testing.B) {
	for _, l := range levels() {
		for _, s := range [][2]int{{64, 64}, {3, 4096}, {49, 512}, {256, 3136}} {
			rows, cols := s[0], s[1]
			x, y := make([]float32, rows*cols), make([]float32, rows*cols)
			b.Run(fmt.Sprintf("%v/%dx%d", l, rows, cols), func(b *testing.B) {
				b.SetBytes(int64(8 * rows * cols))
				for b.Loop() {
					Transpose[l](y, rows, x, cols, rows, cols)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows*cols), "ns/elem")
			})
		}
	}
}
