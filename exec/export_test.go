package exec

// Inferred returns how many nodes were inferred and bound so far, instead of being remembered.
func (p *Program) Inferred() int { return p.inferred }
