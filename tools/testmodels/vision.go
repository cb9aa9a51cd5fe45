package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// font draws the ten digits, five pixels wide and seven high: a row of a digit is the low bits of a number.
var font = [10][7]byte{
	{14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14}, {14, 17, 1, 2, 4, 8, 31}, {31, 2, 4, 2, 1, 17, 14}, {2, 6, 10, 18, 31, 2, 2},
	{31, 16, 30, 1, 1, 17, 14}, {6, 8, 16, 30, 17, 17, 14}, {31, 1, 2, 4, 8, 8, 8}, {14, 17, 17, 14, 17, 17, 14}, {14, 17, 17, 15, 1, 2, 12},
}

const side = 16 // of a picture of a digit

// draw returns a picture of a digit, twice the size of the font, moved by (dx, dy) pixels, with noise.
func (n *net) draw(digit, dx, dy int, noise float64) []float32 {
	p := make([]float32, side*side)
	for i := range p {
		x, y := i%side-3-dx, i/side-1-dy
		if x >= 0 && x < 10 && y >= 0 && y < 14 && font[digit][y/2]>>(4-x/2)&1 == 1 {
			p[i] = 1
		}
		p[i] = float32(min(max(float64(p[i])+noise*n.rng.NormFloat64(), 0), 1))
	}
	return p
}

// features are two convolutions with pooling: the first finds edges of eight directions, the second mixes them at random.
func (n *net) features(x *graph.Value) *graph.Value {
	edges := []float32{
		-1, 0, 1, -2, 0, 2, -1, 0, 1, 1, 0, -1, 2, 0, -2, 1, 0, -1, -1, -2, -1, 0, 0, 0, 1, 2, 1, 1, 2, 1, 0, 0, 0, -1, -2, -1,
		0, 1, 2, -1, 0, 1, -2, -1, 0, 0, -1, -2, 1, 0, -1, 2, 1, 0, -2, -1, 0, -1, 0, 1, 0, 1, 2, 2, 1, 0, 1, 0, -1, 0, -1, -2,
	}
	same := graph.Attrs{"pads": ints(1, 1, 1, 1), "kernel_shape": ints(3, 3)}
	half := graph.Attrs{"kernel_shape": ints(2, 2), "strides": ints(2, 2)}
	x = n.op("Conv", same, x, n.floats("edges", edges, 8, 1, 3, 3))
	x = n.op("MaxPool", half, n.op("Relu", nil, x))
	x = n.op("Conv", same, x, n.Named("mix", n.random(0.2, 16, 8, 3, 3)), n.floats("bias", make([]float32, 16), 16))
	x = n.op("MaxPool", half, n.op("Relu", nil, x))
	return n.op("Flatten", nil, x)
}

const (
	featureCount = 16 * 4 * 4
	drawings     = 40 // of each digit, to learn from
)

// digits is a convolutional network that reads a digit. Its last layer is made of the mean features of drawn digits: the
// nearest mean wins.
func digits() (*sample, error) {
	f := newNet("digits")
	f.Output("features", f.features(f.input("image", tensor.Float32, "batch", 1, side, side)))
	learn, err := gneiss.FromGraph(f.G).NewSession(gneiss.Options{Reference: true})
	if err != nil {
		return nil, err
	}
	n := newNet("digits")
	batch := func(count int) []float32 {
		var p []float32
		for i := range count {
			p = append(p, n.draw(i%10, n.rng.IntN(3)-1, n.rng.IntN(3)-1, 0.1)...)
		}
		return p
	}
	x := n.input("image", tensor.Float32, "batch", 1, side, side)
	h := n.features(x)
	out, err := run(learn, f.G, []tensor.Value{tensor.FromSlice(batch(10*drawings), 10*drawings, 1, side, side)})
	if err != nil {
		return nil, err
	}
	w, b := nearestMean(tensor.Data[float32](out[0]))
	y := n.op("Gemm", graph.Attrs{"transB": int64(1)}, h, n.floats("means", w, 10, featureCount), n.floats("offsets", b, 10))
	n.Output("probabilities", n.op("Softmax", nil, y))
	if n.Err() != nil {
		return nil, n.Err()
	}
	if err := n.reads(batch(200)); err != nil {
		return nil, err
	}
	seven := n.draw(7, 0, 0, 0.05)
	picture, err := encodePNG(seven)
	return &sample{
		g:     n.G,
		about: "Reads a drawn digit in a picture of 16 by 16 pixels, white on black.",
		sets: [][]tensor.Value{
			{tensor.FromSlice(seven, 1, 1, side, side)},
			{tensor.FromSlice(batch(3), 3, 1, side, side)},
		},
		files: map[string][]byte{"seven.png": picture},
	}, err
}

// nearestMean returns the layer whose largest output is the digit with the nearest mean of features, which are those of
// the digits 0 to 9 in turn.
func nearestMean(features []float32) (w, b []float32) {
	w, b = make([]float32, 10*featureCount), make([]float32, 10)
	for i := range features {
		w[i/featureCount%10*featureCount+i%featureCount] += features[i] / drawings
	}
	const sharpness = 0.03
	for i := range w {
		b[i/featureCount] -= sharpness * w[i] * w[i] / 2
		w[i] *= sharpness
	}
	return w, b
}

// reads checks that the network tells most digits of a batch, which are 0 to 9 in turn.
func (n *net) reads(batch []float32) error {
	s, err := gneiss.FromGraph(n.G.Clone()).NewSession(gneiss.Options{Reference: true})
	if err != nil {
		return err
	}
	count := len(batch) / (side * side)
	out, err := run(s, n.G, []tensor.Value{tensor.FromSlice(batch, count, 1, side, side)})
	if err != nil {
		return err
	}
	right := 0
	for i, p := 0, tensor.Data[float32](out[0]); i < count; i++ {
		if argmax(p[10*i:10*i+10]) == i%10 {
			right++
		}
	}
	if right < count*95/100 {
		return errors.New("the network reads too few digits")
	}
	return nil
}

func encodePNG(pixels []float32) ([]byte, error) {
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i, p := range pixels {
		img.SetGray(i%side, i/side, color.Gray{Y: uint8(255*p + 0.5)})
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// The detector's picture, the squares that it looks for, and how many places they can have.
const (
	canvas = 24
	square = 6
	places = canvas - square + 1
)

// detector finds bright squares in a picture: a convolution scores each place, and non-maximum suppression keeps the best.
func detector() (*sample, error) {
	n := newNet("detector")
	x := n.input("image", tensor.Float32, 1, 1, canvas, canvas)
	template := make([]float32, square*square)
	for i := range template {
		template[i] = 1.0 / (square * square)
	}
	scores := n.op("Conv", nil, x, n.floats("template", template, 1, 1, square, square))
	scores = n.op("Reshape", nil, scores, n.Ints(1, 1, -1))
	boxes := make([]float32, 0, places*places*4)
	for i := range places * places {
		x, y := float32(i%places), float32(i/places)
		boxes = append(boxes, y, x, y+square, x+square)
	}
	table := n.floats("boxes", boxes, 1, places*places, 4)
	kept := n.op("NonMaxSuppression", nil, table, scores, n.Const(tensor.FromSlice([]int64{10})),
		n.Const(tensor.FromSlice([]float32{0.2})), n.Const(tensor.FromSlice([]float32{0.8})))
	which := n.op("Gather", graph.Attrs{"axis": int64(1)}, kept, n.index(2))
	n.Output("corners", n.op("Gather", nil, n.op("Squeeze", nil, table, n.Ints(0)), which))
	n.Output("scores", n.op("Gather", nil, n.op("Reshape", nil, scores, n.Ints(-1)), which))
	picture := func(corners ...[2]int) tensor.Value {
		p := tensor.New(tensor.Float32, 1, 1, canvas, canvas)
		d := tensor.Data[float32](p)
		for i := range d {
			d[i] = float32(n.rng.Float64() * 0.3)
			for _, c := range corners {
				if x, y := i%canvas-c[0], i/canvas-c[1]; x >= 0 && x < square && y >= 0 && y < square {
					d[i] = float32(0.9 + n.rng.Float64()*0.1)
				}
			}
		}
		return p
	}
	return &sample{
		g:     n.G,
		about: "Finds bright squares of 6 by 6 pixels: the corners (top, left, bottom, right) and the score of each.",
		sets:  [][]tensor.Value{{picture([2]int{2, 3}, [2]int{15, 1}, [2]int{9, 16})}, {picture()}},
	}, n.Err()
}
