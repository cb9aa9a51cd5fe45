package main

import (
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// lesson is what the letters are learnt from.
const lesson = "the stone sleeps under the river and the river sings to the stone " +
	"the wind bends the reeds and the reeds whisper to the wind " +
	"the moon lights the water and the water carries the moon "

const letters = " abcdefghijklmnopqrstuvwxyz"

// letter returns the number of a character.
func letter(c byte) int { return strings.IndexByte(letters, c) }

// spelled returns the numbers of a text's characters.
func spelled(text string) tensor.Value {
	t := tensor.New(tensor.Int64, len(text))
	for i := range len(text) {
		tensor.Data[int64](t)[i] = int64(letter(text[i]))
	}
	return t
}

// writer goes on with a text, letter by letter, as many as it is asked for: after two letters comes the one that
// followed them most often, and less and less often the same one again. It is a Loop whose count is an input.
func writer() (*sample, error) {
	n := newNet("writer")
	k := len(letters)
	table := make([]float32, k*k*k)
	for i := range len(lesson) - 2 {
		table[(letter(lesson[i])*k+letter(lesson[i+1]))*k+letter(lesson[i+2])]++
	}
	count := n.input("count", tensor.Int64)
	start := n.input("start", tensor.Int64, "length") // at least two letters
	last := n.op("Slice", nil, start, n.Ints(-2), n.Ints(1<<31-1))

	b := newNet("letter")
	b.input("step", tensor.Int64)
	goOn := b.input("go_on", tensor.Bool)
	two := b.input("two", tensor.Int64, 2)
	tired := b.input("tired", tensor.Float32, k, k, k)
	after := b.op("GatherND", nil, b.floats("followers", table, k, k, k), two)
	weary := b.op("GatherND", nil, tired, two)
	next := b.op("ArgMax", graph.Attrs{"keepdims": int64(1)}, b.op("Sub", nil, after, weary))
	place := b.op("Unsqueeze", nil, b.op("Concat", graph.Attrs{"axis": int64(0)}, two, next), b.Ints(0))
	b.Output("again", b.op("Identity", nil, goOn))
	b.Output("newer", b.op("Concat", graph.Attrs{"axis": int64(0)}, b.op("Slice", nil, two, b.Ints(1), b.Ints(2)), next))
	b.Output("wearier", b.op("ScatterND", graph.Attrs{"reduction": "add"}, tired, place, b.floats("little", []float32{0.7}, 1)))
	b.Output("letter", b.op("Squeeze", nil, next, b.Ints(0)))
	if b.Err() != nil {
		return nil, b.Err()
	}

	fresh := n.op("ConstantOfShape", nil, n.Ints(k, k, k))
	out := n.ops("Loop", graph.Attrs{"body": b.G}, 3, count, n.Const(tensor.Scalar(true)), last, fresh)
	n.Output("text", n.op("Concat", graph.Attrs{"axis": int64(0)}, start, out[2]))
	return &sample{
		g:     n.G,
		about: "Goes on with a text, letter by letter: numbers of \"" + letters + "\", the blank is 0.",
		sets: [][]tensor.Value{
			{tensor.Scalar(int64(40)), spelled("the ri")},
			{tensor.Scalar(int64(0)), spelled("an")},
		},
	}, n.Err()
}
