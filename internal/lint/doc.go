// Package lint checks the rules of this repository that no other tool knows: who may import whom, how long files may be,
// which tables are sorted, that there are no init functions, that exported names have comments, and that generated
// documents are current. It has nothing but tests:
//
//	go test ./internal/lint
//	go test ./internal/lint -update   # write the generated documents again
package lint
