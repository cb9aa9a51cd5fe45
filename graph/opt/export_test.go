package opt

import (
	"fmt"
	"slices"
)

// PassNames returns the names of the passes.
func PassNames() []string {
	var names []string
	for _, p := range passes {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// CheckOrder returns an error when the passes do not stand in the order that the constraints ask for.
func CheckOrder() error {
	at := func(name string) int { return slices.IndexFunc(passes, func(p pass) bool { return p.name == name }) }
	for _, o := range order {
		if at(o.before) < 0 || at(o.after) < 0 {
			return fmt.Errorf("%s before %s: there is no such pass", o.before, o.after)
		}
		if at(o.before) > at(o.after) {
			return fmt.Errorf("%s should come before %s: %s", o.before, o.after, o.why)
		}
	}
	return nil
}
