package lint

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed says which packages of ours a package may import, tests aside. A name that ends in /... stands for the
// packages below it too. Packages of one row may not import each other unless they say so.
var allowed = []struct {
	pkg     string
	imports []string
}{
	{".", []string{"exec", "exec/ref", "exec/cpu", "graph", "graph/op", "graph/opt", "internal/par", "onnx", "tensor"}},
	{"exec", []string{"graph", "graph/op", "graph/opt", "graph/plan", "internal/par", "tensor"}},
	{"exec/cpu", []string{"exec", "exec/cpu/simd", "graph", "graph/op", "internal/par", "tensor"}},
	{"exec/cpu/simd", nil},
	{"exec/exectest", []string{"exec", "graph", "graph/op", "tensor", "tensor/compare"}},
	{"exec/gpu", []string{"exec", "graph", "graph/op", "tensor"}},
	{"exec/ref", []string{"exec", "graph", "graph/op", "tensor"}},
	{"graph", []string{"tensor"}},
	{"graph/op", []string{"graph", "tensor"}},
	{"graph/opt", []string{"graph", "graph/op", "tensor"}},
	{"graph/plan", nil},
	{"internal/lint", nil},
	{"internal/par", nil},
	{"onnx", []string{"graph", "graph/op", "onnx/pb", "tensor"}},
	{"onnx/pb", nil},
	{"quant", []string{".", "exec", "graph", "graph/op", "graph/opt", "onnx", "tensor"}},
	{"tensor", nil},
	{"tensor/compare", []string{"tensor"}},
	{"tools/...", []string{".", "exec", "graph", "graph/op", "graph/opt", "onnx", "quant", "tensor", "tensor/compare", "tools/...", "train"}},
	{"train", []string{".", "exec", "graph", "graph/op", "graph/opt", "onnx", "tensor"}},
}

// foreign says which packages may import a module of others. Test files may import anything.
var foreign = []struct {
	path string
	pkgs []string
}{
	{"github.com/spf13/", []string{"tools/..."}},
	{"github.com/x448/float16", []string{"tensor"}},
	{"golang.org/x/sys/cpu", []string{"exec/cpu/simd"}},
	{"golang.org/x/image/", []string{"exec/ref", "tools/..."}},
	{"google.golang.org/protobuf", []string{"onnx", "onnx/pb"}},
}

func matches(pkg string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		base, below := strings.CutSuffix(p, "/...")
		return pkg == base || below && strings.HasPrefix(pkg, base+"/")
	})
}

func TestImports(t *testing.T) {
	for _, s := range goFiles(t) {
		if s.test {
			continue
		}
		i := slices.IndexFunc(allowed, func(r struct {
			pkg     string
			imports []string
		}) bool {
			return matches(s.dir, []string{r.pkg})
		})
		if i < 0 {
			t.Errorf("%s: package %s is not in the import table", s.path, s.dir)
			continue
		}
		for _, spec := range s.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			switch own := ourPackage(path); {
			case own != "":
				if !matches(own, allowed[i].imports) {
					t.Errorf("%s: %s may not import %s", position(spec), s.dir, own)
				}
			case strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
				if !slices.ContainsFunc(foreign, func(f struct {
					path string
					pkgs []string
				}) bool {
					return strings.HasPrefix(path, f.path) && matches(s.dir, f.pkgs)
				}) {
					t.Errorf("%s: %s may not import %s", position(spec), s.dir, path)
				}
			}
		}
	}
}

// ourPackage returns the folder of a package of the root module, "" for others.
func ourPackage(path string) string {
	if path == module {
		return "."
	}
	if rest, ok := strings.CutPrefix(path, module+"/"); ok {
		return rest
	}
	return ""
}
