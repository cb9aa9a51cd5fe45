package main

import "math"

// vectors are the functions of the elementwise and row primitives.
func vectors() []shape {
	fs := append(maps(), binaries()...)
	fs = append(fs, reductions()...)
	return append(fs, conversions()...)
}

const (
	mapSig = "func(y, x []float32, a, b float32)"
	vvSig  = "func(y, a, b []float32)"
	vsSig  = "func(y, a []float32, b float32)"
	svSig  = "func(y []float32, a float32, b []float32)"
)

func maps() []shape {
	row := func(name string, u2, u5 int, f func(k *kern, x, a, b val) val) shape {
		return shape{
			name: name, sig: mapSig, doc: "the row of Map with that name.", in: []string{"x"}, out: "y", params: []string{"a", "b"},
			u:    [2]int{u2, u5},
			body: func(k *kern, in, p, _ []val) val { return f(k, in[0], p[0], p[1]) },
		}
	}
	plain := func(name string, u2, u5 int, f func(k *kern, x val) val) shape {
		s := row(name, u2, u5, func(k *kern, x, _, _ val) val { return f(k, x) })
		s.params = nil
		s.body = func(k *kern, in, _, _ []val) val { return f(k, in[0]) }
		return s
	}
	trig := func(name string, quarter uint32) shape {
		s := plain(name, 1, 2, func(k *kern, x val) val { return k.trig(x, quarter) })
		s.sig, s.bails = "func(y, x []float32) int", true
		s.doc = "the start of the row of Map with that name: it stops before the first step that holds a large value."
		return s
	}
	return []shape{
		plain("abs", 4, 4, func(k *kern, x val) val { return k.abs(x) }),
		row("affine", 4, 4, func(k *kern, x, a, b val) val { return k.fma(x.last(), a, b) }),
		plain("ceil", 4, 4, func(k *kern, x val) val { return k.round(x, up) }),
		row("center", 4, 4, func(k *kern, x, a, b val) val { return k.mul(k.sub(x, a), b) }),
		row("clip", 4, 4, func(k *kern, x, a, b val) val { return k.min(b, k.max(a, x)) }),
		trig("cos", 1),
		row("elu", 1, 2, func(k *kern, x, a, b val) val { return k.elu(x, a, b) }),
		plain("erf", 2, 2, func(k *kern, x val) val { return k.erf(x, 1) }),
		plain("exp", 2, 2, func(k *kern, x val) val { return k.exp(k.min(k.con(89), x), true) }),
		plain("floor", 4, 4, func(k *kern, x val) val { return k.round(x, down) }),
		plain("gelu", 2, 2, func(k *kern, x val) val { return k.gelu(x) }),
		plain("geluTanh", 2, 2, func(k *kern, x val) val { return k.geluTanh(x) }),
		row("hardSigmoid", 4, 4, func(k *kern, x, a, b val) val {
			return k.min(k.con(1), k.max(k.bits(0), k.fma(x.last(), a, b)))
		}),
		row("hardSwish", 2, 4, func(k *kern, x, a, b val) val {
			return k.mul(x, k.min(k.con(1), k.max(k.bits(0), k.fma(x, a, b))))
		}),
		row("leakyRelu", 4, 4, func(k *kern, x, a, _ val) val { return k.sel(k.cmp(lt, x, k.bits(0)), k.mul(x, a), x) }),
		plain("log", 1, 2, func(k *kern, x val) val { return k.log(x) }),
		plain("mish", 2, 2, func(k *kern, x val) val { return k.mish(x) }),
		plain("neg", 4, 4, func(k *kern, x val) val { return k.neg(x) }),
		plain("reciprocal", 4, 4, func(k *kern, x val) val { return k.div(k.con(1), x) }),
		plain("relu", 4, 4, func(k *kern, x val) val { return k.max(k.bits(0), x) }),
		plain("round", 4, 4, func(k *kern, x val) val { return k.round(x, nearest) }),
		plain("rsqrt", 4, 4, func(k *kern, x val) val { return k.div(k.con(1), k.sqrt(x)) }),
		plain("sigmoid", 2, 2, func(k *kern, x val) val { return k.sigmoid(x) }),
		trig("sin", 0),
		plain("softplus", 2, 2, func(k *kern, x val) val { return k.softplus(x) }),
		plain("softsign", 4, 4, func(k *kern, x val) val { return k.div(x, k.add(k.abs(x), k.con(1))) }),
		plain("sqrt", 4, 4, func(k *kern, x val) val { return k.sqrt(x) }),
		plain("square", 4, 4, func(k *kern, x val) val { return k.mul(x, x) }),
		row("swish", 2, 2, func(k *kern, x, a, _ val) val { return k.swish(x, a) }),
		plain("tanh", 2, 2, func(k *kern, x val) val { return k.tanh(x) }),
	}
}

func binaries() []shape {
	var out []shape
	add := func(name string, scalarFirst bool, f func(k *kern, a, b val) val) {
		s := shape{name: name + "VV", sig: vvSig, doc: "the row of Binary with that name, form VV.", in: []string{"a", "b"}, out: "y", u: [2]int{4, 4}}
		s.body = func(k *kern, in, _, _ []val) val { return f(k, in[0], in[1]) }
		out = append(out, s)
		s.name, s.sig, s.in, s.params = name+"VS", vsSig, []string{"a"}, []string{"b"}
		s.doc = "the row of Binary with that name, form VS."
		s.body = func(k *kern, in, p, _ []val) val { return f(k, in[0], p[0]) }
		out = append(out, s)
		if scalarFirst {
			s.name, s.sig, s.in, s.params = name+"SV", svSig, []string{"b"}, []string{"a"}
			s.doc = "the row of Binary with that name, form SV."
			s.body = func(k *kern, in, p, _ []val) val { return f(k, p[0], in[0]) }
			out = append(out, s)
		}
	}
	add("add", false, func(k *kern, a, b val) val { return k.add(a, b) })
	add("addRelu", false, func(k *kern, a, b val) val { return k.max(k.bits(0), k.add(a, b)) })
	add("div", true, func(k *kern, a, b val) val { return k.div(a, b) })
	add("max", false, func(k *kern, a, b val) val { return k.sel(k.cmp(unord, a, a), a, k.max(a, b)) })
	add("min", false, func(k *kern, a, b val) val { return k.sel(k.cmp(unord, a, a), a, k.min(a, b)) })
	add("mul", false, func(k *kern, a, b val) val { return k.mul(a, b) })
	add("pRelu", false, func(k *kern, a, b val) val { return k.sel(k.cmp(lt, a, k.bits(0)), k.mul(a, b), a) })
	for _, s := range []shape{
		{
			name: "powVV", sig: vvSig + " int", in: []string{"a", "b"},
			body: func(k *kern, in, _, _ []val) val { return k.pow(in[0], in[1]) },
		},
		{
			name: "powVS", sig: vsSig + " int", in: []string{"a"}, params: []string{"b"},
			body: func(k *kern, in, p, _ []val) val { return k.pow(in[0], p[0]) },
		},
	} {
		s.doc = "the start of Pow: it stops before the first step that holds an operand or a result which is not positive and normal."
		s.out, s.u, s.bails = "y", [2]int{1, 2}, true
		out = append(out, s)
	}
	add("sub", true, func(k *kern, a, b val) val { return k.sub(a, b) })
	return append(out,
		shape{
			name: "mulAdd", sig: "func(y, a, x, b []float32)", doc: "MulAdd.", in: []string{"a", "x", "b"}, out: "y", u: [2]int{4, 4},
			body: func(k *kern, in, _, _ []val) val { return k.fma(in[0], in[1], in[2].last()) },
		},
		shape{
			name: "axpy", sig: "func(y []float32, a float32, x, b []float32)", doc: "Axpy.", in: []string{"x", "b"}, out: "y",
			params: []string{"a"}, u: [2]int{4, 4},
			body: func(k *kern, in, p, _ []val) val { return k.fma(p[0], in[0], in[1].last()) },
		},
		shape{
			name: "normalize", sig: "func(y, x, gamma, beta []float32, mean, inv float32)", doc: "Normalize.",
			in: []string{"x", "gamma", "beta"}, out: "y", params: []string{"mean", "inv"}, u: [2]int{2, 4},
			body: func(k *kern, in, p, _ []val) val {
				return k.fma(k.mul(k.sub(in[0], p[0]), p[1]), in[1], in[2].last())
			},
		},
		shape{
			name: "scaleBy", sig: "func(y, x, gamma []float32, inv float32)", doc: "ScaleBy.",
			in: []string{"x", "gamma"}, out: "y", params: []string{"inv"}, u: [2]int{4, 4},
			body: func(k *kern, in, p, _ []val) val { return k.mul(k.mul(in[0], p[0]), in[1]) },
		},
		shape{
			name: "shift", sig: "func(y, x []float32, mean, scale, bias float32)", doc: "Shift.",
			in: []string{"x"}, out: "y", params: []string{"mean", "scale", "bias"}, u: [2]int{4, 4},
			body: func(k *kern, in, p, _ []val) val { return k.fma(k.sub(in[0], p[0]).last(), p[1], p[2]) },
		},
	)
}

func reductions() []shape {
	sum := func(k *kern, _ int, a, b val) val { return k.add(a, b) }
	row := func(name, doc string, f func(k *kern, x, acc val) val) shape {
		return shape{
			name: name, sig: "func(x []float32) float32", doc: doc, in: []string{"x"}, u: [2]int{4, 4}, init: []uint32{0}, fold: sum,
			body: func(k *kern, in, _, acc []val) val { return f(k, in[0], acc[0].last()) },
		}
	}
	extreme := func(name string, start float64, f func(k *kern, a, b val) val) shape {
		return shape{
			name: name, sig: "func(x []float32) float32", doc: "the row of Reduce with that name.", in: []string{"x"}, u: [2]int{4, 4},
			init: []uint32{math.Float32bits(float32(start)), 0},
			fold: func(k *kern, i int, a, b val) val {
				if i == 1 {
					return k.or(a, b)
				}
				return f(k, a, b)
			},
			finish: func(k *kern, acc []val) val { return k.add(acc[0], acc[1]) },
			body: func(k *kern, in, _, acc []val) val {
				k.markNaN(in[0], acc[1])
				return f(k, k.fill(in[0], k.con(start)), acc[0].last())
			},
		}
	}
	expSum := func(name, sig, out string) shape {
		return shape{
			name: name, sig: sig, doc: "the function of that name.", in: []string{"x"}, out: out, params: []string{"m"}, u: [2]int{2, 2},
			init: []uint32{0}, fold: sum,
			body: func(k *kern, in, p, acc []val) val {
				e := k.exp(k.sub(in[0].last(), p[0]), false)
				k.add(k.keep(e), acc[0].last())
				return e
			},
		}
	}
	return []shape{
		extreme("largest", math.Inf(-1), func(k *kern, a, b val) val { return k.max(a, b) }),
		extreme("smallest", math.Inf(1), func(k *kern, a, b val) val { return k.min(a, b) }),
		row("sum", "the row of Reduce with that name.", func(k *kern, x, acc val) val { return k.add(x, acc) }),
		row("sumAbs", "the row of Reduce with that name.", func(k *kern, x, acc val) val { return k.add(k.abs(x), acc) }),
		row("sumSquares", "the row of Reduce with that name.", func(k *kern, x, acc val) val { return k.fma(x, x, acc) }),
		{
			name: "dot", sig: "func(x, w []float32) float32", doc: "Dot.", in: []string{"x", "w"}, u: [2]int{4, 4}, init: []uint32{0}, fold: sum,
			body: func(k *kern, in, _, acc []val) val { return k.fma(in[0], in[1], acc[0].last()) },
		},
		{
			name: "deviations", sig: "func(x []float32, mean float32) float32", doc: "Deviations.", in: []string{"x"},
			params: []string{"mean"}, u: [2]int{4, 4}, init: []uint32{0}, fold: sum,
			body: func(k *kern, in, p, acc []val) val {
				d := k.keep(k.sub(in[0], p[0]))
				return k.fma(d, d, acc[0].last())
			},
		},
		expSum("expSum", "func(y, x []float32, m float32) float32", "y"),
		expSum("sumExp", "func(x []float32, m float32) float32", ""),
	}
}
