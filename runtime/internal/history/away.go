package history

// This file is about peers that are behind and take nothing for a while: nothing is
// read for them meanwhile, and no goroutine waits.

// Rests has those that away reports not be caught up with until Back. It must be called
// before the first Follow. away may be called under locks.
func (t *Tails[P]) Rests(away func(P) bool) { t.away = away }

// begin has a peer catch up, unless a goroutine does already, or it is away. The caller
// holds mu: who comes back is seen here, or calls Back later.
func (t *Tails[P]) begin(p P, r *chaser[P]) {
	if !r.runs && (t.away == nil || !t.away(p)) {
		r.runs = true
		go t.run(p, r)
	}
}

// Back has a peer go on that is not away any more.
func (t *Tails[P]) Back(p P) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.chasers[p]; r != nil {
		t.begin(p, r)
	}
}

// Gone forgets a peer that follows nothing any more, and never will.
func (t *Tails[P]) Gone(p P) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.chasers[p]; r != nil && !r.runs { // else it ends by itself
		delete(t.chasers, p)
	}
}
