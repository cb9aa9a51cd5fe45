package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the top of the repository.
const root = "../.."

// module is the path of the root module.
const module = "github.com/gneiss-ml/gneiss"

// A source is a Go file of the root module.
type source struct {
	path      string // from the root, with slashes
	dir       string
	text      string
	file      *ast.File
	test      bool
	generated bool
}

var fset = token.NewFileSet()

// sources returns the Go files of the root module: nested modules and test data are left out.
var sources = sync.OnceValues(func() ([]source, error) {
	var out []source
	err := files(func(path string) error {
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		dir := "."
		if i := strings.LastIndexByte(path, '/'); i >= 0 {
			dir = path[:i]
		}
		out = append(out, source{path, dir, string(text), f, strings.HasSuffix(path, "_test.go"), ast.IsGenerated(f)})
		return nil
	})
	return out, err
})

// files calls f with the path from the root of each file that belongs to the root module.
func files(f func(path string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == ".git" || rel == "bin" || rel != "." && hasModule(path) {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		return f(rel)
	})
}

func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func goFiles(t *testing.T) []source {
	s, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// position returns where a node is, as path:line.
func position(n ast.Node) string {
	p := fset.Position(n.Pos())
	return p.String()
}

// packages returns the folders that have Go files other than tests.
func packages(t *testing.T) []string {
	var dirs []string
	for _, s := range goFiles(t) {
		if !s.test && !slices.Contains(dirs, s.dir) {
			dirs = append(dirs, s.dir)
		}
	}
	return dirs
}
