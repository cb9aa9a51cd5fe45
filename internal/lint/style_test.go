package lint

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is how long a file may be that people write.
const maxLines = 600

func TestFileSize(t *testing.T) {
	for _, s := range goFiles(t) {
		if n := strings.Count(s.text, "\n"); n > maxLines && !s.generated {
			t.Errorf("%s: %d lines, want at most %d", s.path, n, maxLines)
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, s := range goFiles(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && !s.generated {
				t.Errorf("%s: init function", position(f))
			}
		}
	}
}

// TestPackageDoc wants a doc.go in every package, and a comment on every command.
func TestPackageDoc(t *testing.T) {
	has := map[string]bool{}
	command := map[string]bool{}
	for _, s := range goFiles(t) {
		if s.test {
			continue
		}
		command[s.dir] = s.file.Name.Name == "main"
		if s.file.Doc != nil && (command[s.dir] || filepath.Base(s.path) == "doc.go" || s.generated || s.dir == ".") {
			has[s.dir] = true
		}
	}
	for _, dir := range packages(t) {
		switch {
		case has[dir]:
		case command[dir]:
			t.Errorf("%s: no comment says what the command does", dir)
		default:
			t.Errorf("%s: no doc.go with a package comment", dir)
		}
	}
}

func TestDocComments(t *testing.T) {
	for _, s := range goFiles(t) {
		if s.test || s.generated || s.file.Name.Name == "main" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
					t.Errorf("%s: %s has no comment", position(d), d.Name.Name)
				}
			case *ast.GenDecl:
				checkGroup(t, d)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if p, ok := typ.(*ast.StarExpr); ok {
		typ = p.X
	}
	if g, ok := typ.(*ast.IndexExpr); ok {
		typ = g.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// checkGroup wants a comment on each exported name of a declaration or on the group.
func checkGroup(t *testing.T, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				t.Errorf("%s: %s has no comment", position(spec), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					t.Errorf("%s: %s has no comment", position(spec), name.Name)
				}
			}
		}
	}
}

// TestSortedTables checks the literal tables: the variables of a file whose type is a list of entries, kernels or rules,
// and the lists of such tables.
func TestSortedTables(t *testing.T) {
	for _, s := range goFiles(t) {
		if s.test || s.generated {
			continue
		}
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					if rows := tableRows(value); rows != nil {
						checkSorted(t, rows)
					}
				}
			}
		}
	}
}

// tableTypes are the element types of the tables that are sorted.
var tableTypes = []string{"Entry", "[]Entry", "exec.Kernel", "rule"}

// tableRows returns the rows of a literal table or of the tables of a backend, nil for other values.
func tableRows(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.CompositeLit:
		if a, ok := e.Type.(*ast.ArrayType); ok && slices.Contains(tableTypes, text(a.Elt)) {
			return e.Elts
		}
	case *ast.CallExpr:
		if f := text(e.Fun); (f == "exec.NewBackend" || f == "NewBackend") && len(e.Args) > 0 {
			return e.Args[1:]
		}
	}
	return nil
}

func checkSorted(t *testing.T, rows []ast.Expr) {
	for i := 1; i < len(rows); i++ {
		a, b := rowKey(rows[i-1]), rowKey(rows[i])
		if strings.Compare(a, b) > 0 {
			t.Errorf("%s: %q should come before %q", position(rows[i]), b, a)
		}
	}
}

// rowKey returns what a row is sorted by: its first string, else its first type argument or operator, else its name.
func rowKey(e ast.Expr) string {
	key := ""
	ast.Inspect(e, func(n ast.Node) bool {
		if key != "" {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BasicLit:
			if n.Kind == token.STRING && len(n.Value) > 2 && !strings.Contains(n.Value, " ") {
				key = strings.Trim(n.Value, "\"`")
			}
		case *ast.SelectorExpr:
			if text(n.X) == "op" {
				key = n.Sel.Name
			}
			return false
		case *ast.IndexExpr: // core[Conv]
			if id, ok := n.Index.(*ast.Ident); ok {
				key = id.Name
			}
		}
		return true
	})
	if key == "" {
		key = text(e)
	}
	return key
}

// text returns the source of an expression.
func text(e ast.Expr) string {
	p := fset.Position(e.Pos())
	q := fset.Position(e.End())
	all, _ := sources()
	i := slices.IndexFunc(all, func(s source) bool { return s.path == p.Filename })
	return all[i].text[p.Offset:q.Offset]
}

// machinePath matches paths that exist on one machine only.
var machinePath = regexp.MustCompile(`(^|[\s"'(=:])/(home|root|work|Users|tmp)/\w`)

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

// TestText checks what nobody should find in a text file.
func TestText(t *testing.T) {
	err := files(func(path string) error {
		if !slices.Contains([]string{".go", ".md", ".txt", ".py", ".sh", ".mod", ""}, filepath.Ext(path)) ||
			strings.HasPrefix(path, "internal/lint/") || strings.Contains(path, "testdata/fuzz/") || path == "LICENSE" {
			return nil
		}
		data, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			if machinePath.MatchString(line) {
				t.Errorf("%s:%d: a path of one machine: %s", path, i+1, strings.TrimSpace(line))
			}
			if unfinished.MatchString(line) {
				t.Errorf("%s:%d: unfinished: %s", path, i+1, strings.TrimSpace(line))
			}
			if strings.HasSuffix(line, " ") && filepath.Ext(path) == ".go" {
				t.Errorf("%s:%d: blank at the end of the line", path, i+1)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
