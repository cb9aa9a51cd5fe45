// Package exec compiles graphs to programs and runs them. It knows operators only through package op's control flow,
// and kernels only through the Backend interface.
//
// A backend binds a node whose operands have concrete types and shapes to a Step: phases of tiles, each a function of a
// Frame. A Step holds no address; the Frame tells it where its operands are. The executor owns memory, threads,
// cancellation and timing; kernels own arithmetic.
package exec
