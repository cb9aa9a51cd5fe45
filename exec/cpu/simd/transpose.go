package simd

// Transpose sets dst[j·ldd+i] = src[i·lds+j] for i below rows and j below cols, with ldd ≥ rows and lds ≥ cols; dst and src
// do not overlap. It panics if a slice is too short. It is also the way between NCHW and NHWC, an image being a matrix of
// channels and pixels.
var Transpose = transposeTables()

func transposeTables() (t [NumLevels]func(dst []float32, ldd int, src []float32, lds, rows, cols int)) {
	t[Generic] = transposeGo
	transposeAsm(&t)
	return t
}

// A tileFunc transposes tiles of size × size that follow each other along the rows of src.
type tileFunc struct {
	size int
	f    func(dst, src *float32, ldd, lds, tiles int) // strides in bytes
}

// transposer uses the first tile that fits in the matrix. Where a side is no multiple of the size, the last tiles overlap
// those before, which writes the same values twice.
func transposer(tiles []tileFunc) func(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	return func(dst []float32, ldd int, src []float32, lds, rows, cols int) {
		if rows <= 0 || cols <= 0 {
			return
		}
		for _, t := range tiles {
			if t.size > rows || t.size > cols {
				continue
			}
			_, _ = dst[(cols-1)*ldd+rows-1], src[(rows-1)*lds+cols-1]
			for i := 0; i < rows; i += t.size {
				i = min(i, rows-t.size)
				t.f(&dst[i], &src[i*lds], 4*ldd, 4*lds, cols/t.size)
				if cols%t.size != 0 {
					j := cols - t.size
					t.f(&dst[j*ldd+i], &src[i*lds+j], 4*ldd, 4*lds, 1)
				}
			}
			return
		}
		transposeGo(dst, ldd, src, lds, rows, cols)
	}
}

// transposeGo is the meaning of Transpose; few rows or columns are walked along the long side.
func transposeGo(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	if rows == 3 {
		a, b, c := src[:cols], src[lds:][:cols], src[2*lds:][:cols]
		for j := range a {
			d := dst[j*ldd:][:3]
			d[0], d[1], d[2] = a[j], b[j], c[j]
		}
		return
	}
	const block = 8 // a tile of lines stays in the cache
	for j0 := 0; j0 < cols; j0 += block {
		for i := range rows {
			for j, v := range src[i*lds+j0:][:min(block, cols-j0)] {
				dst[(j0+j)*ldd+i] = v
			}
		}
	}
}
