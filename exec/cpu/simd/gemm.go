package simd

import "unsafe"

// MaxRows and Cols are the largest tile of Gemm at each level: its rows and the width of a packed panel of B.
var (
	MaxRows = [NumLevels]int{4, 6, 14}
	Cols    = [NumLevels]int{16, 16, 32}
)

// GemmArgs are the operands of a Gemm tile function, which computes for each row i of a tile of R rows and each column j
// below N
//
//	C[i,j] = clamp(init + Σ_s Σ_k A[off[s]+i·lda+k] · B[s·K+k, j])
//
// where init is C[i,j] when Acc is 1, else Bias[j] when Bias is not nil, else 0; clamping to [Lo, Hi] is done when Clamp is
// 1. Sums run in the order of s, then k. B is a packed panel: rows of Cols floats. Tiles of R rows are stacked: A advances by
// AStep bytes and C by R rows from one to the next.
type GemmArgs struct {
	A     *float32
	LDA   int // bytes from one row of A to the next
	B     *float32
	C     *float32
	LDC   int  // bytes from one row of C to the next
	K     int  // products of each segment, at least 1
	Off   *int // where the segments of A start, in bytes from A
	Segs  int  // how many segments there are, at least 1
	Bias  *float32
	Tiles int // at least 1
	AStep int
	N     int // columns that are stored, 1 to Cols
	Acc   int
	Clamp int
	Lo    float32
	Hi    float32
}

// Gemm has a tile function for every level and number of rows, 1 to MaxRows of the level.
var Gemm = gemmTables()

func gemmTables() (t [NumLevels][]func(*GemmArgs)) {
	t[Generic] = []func(*GemmArgs){nil}
	for rows := 1; rows <= MaxRows[Generic]; rows++ {
		t[Generic] = append(t[Generic], func(g *GemmArgs) { gemmGo(g, rows, Cols[Generic], false) })
	}
	gemmAsm(&t)
	return t
}

// gemmGo is the meaning of Gemm: rows per tile, width of a panel; fused says whether products are added without rounding
// between, as the vector versions do.
func gemmGo(g *GemmArgs, rows, width int, fused bool) {
	at := func(p *float32, bytes int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }
	off := unsafe.Slice(g.Off, g.Segs)
	b := unsafe.Slice(g.B, g.Segs*g.K*width)
	var sum [32]float32
	for tile := range g.Tiles {
		for i := range rows {
			c := unsafe.Slice(at(g.C, (tile*rows+i)*g.LDC), g.N)
			acc := sum[:g.N]
			for j := range acc {
				switch {
				case g.Acc == 1:
					acc[j] = c[j]
				case g.Bias != nil:
					acc[j] = unsafe.Slice(g.Bias, g.N)[j]
				default:
					acc[j] = 0
				}
			}
			for s, o := range off {
				a := unsafe.Slice(at(g.A, o+tile*g.AStep+i*g.LDA), g.K)
				for k, x := range a {
					row := b[(s*g.K+k)*width:][:g.N]
					if fused {
						for j, y := range row {
							acc[j] = fma32(x, y, acc[j])
						}
						continue
					}
					for j, y := range row {
						acc[j] += float32(x * y)
					}
				}
			}
			for j, v := range acc {
				if g.Clamp == 1 {
					v = min(max(v, g.Lo), g.Hi)
				}
				c[j] = v
			}
		}
	}
}
