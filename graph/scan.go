package graph

import (
	"fmt"
	"strings"
)

// A tokenKind is the kind of a token of ONNX's textual syntax.
type tokenKind uint8

const (
	eof tokenKind = iota
	ident
	number
	str
	punct
)

// scanner splits text into tokens. The first error is kept, and ends the text.
type scanner struct {
	src  string
	pos  int
	line int
	tok  string // the current token; a string without its quotes
	kind tokenKind
	err  error
}

// fail keeps an error with the current line unless there is one already.
func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("line %d: %s", s.line, fmt.Sprintf(format, args...))
	}
	s.pos, s.tok, s.kind = len(s.src), "", eof
}

func (s *scanner) describe() string {
	if s.kind == eof {
		return "the end"
	}
	return fmt.Sprintf("%q", s.tok)
}

// next reads the next token.
func (s *scanner) next() {
	s.skip()
	if s.err != nil || s.pos == len(s.src) {
		s.tok, s.kind = "", eof
		return
	}
	rest := s.src[s.pos:]
	c := rest[0]
	n := 1
	switch {
	case c == '"':
		s.quoted()
		return
	case isLetter(c):
		for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
			n++
		}
		s.kind = ident
	case isDigit(c), c == '-' && len(rest) > 1 && (isDigit(rest[1]) || isLetter(rest[1])):
		for n < len(rest) && (isDigit(rest[n]) || isLetter(rest[n]) || rest[n] == '.' ||
			(rest[n] == '-' || rest[n] == '+') && (rest[n-1] == 'e' || rest[n-1] == 'E')) {
			n++
		}
		s.kind = number
	default:
		s.kind = punct
	}
	s.tok = rest[:n]
	s.pos += n
}

// skip passes over blanks and comments.
func (s *scanner) skip() {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case '\n':
			s.line++
			s.pos++
		case ' ', '\t', '\r', '\v', '\f':
			s.pos++
		case '#':
			n := strings.IndexByte(s.src[s.pos:], '\n')
			if n < 0 {
				n = len(s.src) - s.pos
			}
			s.pos += n
		default:
			return
		}
	}
}

// quoted reads a string, in which a backslash stands before a quote or a backslash.
func (s *scanner) quoted() {
	var b strings.Builder
	for i := s.pos + 1; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '"':
			s.tok, s.kind, s.pos = b.String(), str, i+1
			s.line += strings.Count(s.tok, "\n")
			return
		case c == '\\' && i+1 < len(s.src):
			i++
			b.WriteByte(s.src[i])
		default:
			b.WriteByte(c)
		}
	}
	s.fail("a string has no end")
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
