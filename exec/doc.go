// Package exec compiles graphs to programs and runs them. It knows kernels only through the Backend interface, and
// operators only where they are control flow.
//
// # From a graph to a run
//
// An Engine holds what the programs of one session share. Engine.Compile makes a Program of a graph whose dimensions may
// be symbols. Program.Run makes a plan for the dimensions at hand, or finds the one it made before, and runs it in a
// Frame. Kernels see integers only.
//
// A plan is a path in a tree of segments. A segment is a run of nodes whose shapes are known before any of them runs; it
// ends before a node whose shape depends on a value that is not known (Reshape by a computed shape), and after a node
// whose output is as long as its data says (NonZero). What follows is planned when it is reached, and found again by the
// value, or the dimensions, that were unknown. The first segment is found by the dimensions of the inputs, and by the
// values of those inputs that shapes were seen to depend on. Most models are one segment.
//
// In planning, facts with integer dimensions flow through the nodes; each distinct fact is one pointer, and each node
// remembers what it made of which facts: the facts of its outputs and the bound step. So a plan for new dimensions costs a
// comparison of pointers for each node that does not see them. Nodes whose outputs become known, such as shape arithmetic,
// do not run.
//
// # Memory
//
// The planner gives each value a place: constant, in the arena (package graph/plan packs it), in the memory of an output
// of the graph, a view of another value, or memory of its own where it outlives its segment. Outputs of operators that
// say so (graph.Viewer, graph.Overwriter) share the memory of an input. What is no tensor of plain bytes lives in the
// table of values of the Frame. A Step holds no address: it asks the Frame for its operands, so it serves every plan and
// every caller. The results of a run share memory with nothing.
//
// # Steps
//
// A backend binds a node whose operands have concrete types and shapes to a Step: phases of tiles, each a function of a
// Frame. The executor owns memory, threads, cancellation and timing; kernels own arithmetic. If, Loop, Scan and
// SequenceMap are steps that run programs of their bodies in Frames of their own; so is a composite that no backend runs
// and that could not be expanded before its shapes were known.
package exec
