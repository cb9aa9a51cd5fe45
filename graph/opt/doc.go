// Package opt changes graphs into better ones that compute the same. It knows operators and their algebra; it knows no
// kernel, and sees a backend only as a Target that says which nodes it runs.
//
// A pass is a function on one graph. Run applies the passes in the order of one array; each can be switched off by its
// name. Most passes are lists of rules: small functions that look at a node and return what may stand for its outputs.
package opt
