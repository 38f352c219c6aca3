package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/kept"
	"github.com/wsgen/wsgen/chaos/internal/node"
	"github.com/wsgen/wsgen/chaos/internal/peer"
)

// Result is what came of a case.
type Result struct {
	Engine string
	Case   *Case
	World  *World

	Began, Fault, Healed time.Time // of the phases: before, meanwhile, afterwards

	Pushed, Heard           uint64
	Lost, LostPushes        int // as clients see it; and pushes that a node's clients miss
	Counted                 string
	Questions, Missing      int
	Probes, Unconfirmed     int
	Slowest                 time.Duration // of all calls
	slowest                 string        // which one that was
	P50, IdleP50            time.Duration // of calls, and of the yardstick
	P999, IdleP999          time.Duration
	Slow, IdleSlow          int
	Local, Others           float64 // the lowest rate meanwhile, as a share of that before; 0: was not compared
	HeapBefore, HeapLater   uint64  // of the node that grew the most
	Problems                []string
	Kept                    kept.Sums
	Resets, catchUps        uint64 // of histories, as nodes have counted
	followers               int
	waited                  int
	cuts, counted, shed     uint64
	maximumOfQuestion, Took time.Duration
}

// check looks at everything that must hold. The nodes are alive, and all is quiet.
func (r *Result) check() {
	w := r.World
	w.mu.Lock()
	defer w.mu.Unlock()
	r.sum()
	r.order()
	r.losses()
	r.rates()
	r.questions()
	r.calls()
	r.memory()
	r.joins()
	r.histories()
	if r.Case.Cuts && r.cuts == 0 {
		r.fail("%s: no link has broken, so nothing was tested", r.Case.Name)
	}
	if r.Case.Deaf && r.shed == 0 {
		r.fail("%s: nothing was shed, so everybody has read", r.Case.Name)
	}
}

// finish takes what was noted before, and after check.
func (r *Result) finish() {
	r.World.mu.Lock()
	defer r.World.mu.Unlock()
	r.Problems = append(r.World.problems, r.Problems...)
	r.Took = time.Since(r.Began)
}

func (r *Result) fail(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// sum adds up what the nodes have counted.
func (r *Result) sum() {
	var shed, late, refused, unsent, lost, outages, resets uint64
	for _, life := range r.World.lives {
		c := life.Report.Stats.Cluster
		r.Pushed += life.Report.Pushed
		shed, late, refused, unsent = shed+c.QueueShed, late+c.QueueLate, refused+c.QueueRefused, unsent+c.QueueUnsent
		lost, outages, resets = lost+c.Lost, outages+c.Outages, resets+c.Resets
		r.shed += life.Report.Stats.Shed
		if churn := r.World.Scale.Churn; r.Case.Churns && float64(life.Report.Joins) < float64(churn)*r.Healed.Sub(r.Began).Seconds()/2 {
			r.fail("%s: %v has joined and left %d times, at %d a second", r.Case.Name, life, life.Report.Joins, churn)
		}
		r.Unconfirmed += int(c.JoinsUnconfirmed)
		if c.Malformed+c.Unknown > 0 {
			r.fail("%s has %d malformed and %d unknown messages", life, c.Malformed, c.Unknown)
		}
	}
	r.cuts, r.counted = outages, shed+late+refused+unsent+lost
	r.Counted = fmt.Sprintf("queue %d+%d+%d+%d, lost %d, outages %d+%d, outboxes %d", shed, late, refused, unsent, lost, outages, resets, r.shed)
}

// String names a node and its process.
func (l *Life) String() string { return fmt.Sprintf("%s (%.6s)", l.Member.Config.Name, l.ID) }

// order is I3, as far as order and duplicates go, and I4: clients see it at once.
func (r *Result) order() {
	wrong, n := r.World.Ledger.Wrongs()
	for _, text := range wrong {
		r.fail("%s", text)
	}
	if n > len(wrong) {
		r.fail("… and %d more of that kind", n-len(wrong))
	}
}

// window is when a fault may be felt: until links are up again, and a second more.
func (r *Result) window(f *Fault) (from, to time.Time) {
	to = f.To
	if to.IsZero() {
		to = time.Now()
	}
	for _, life := range r.World.lives {
		for _, e := range life.Report.Events {
			if e.What == "up" && e.At.After(f.From) && e.At.Before(f.To.Add(5*time.Second)) && e.At.After(to) && f.concerns(life.Member.Index) {
				to = e.At
			}
		}
	}
	return f.From.Add(-100 * time.Millisecond), to.Add(time.Second)
}

func (f *Fault) concerns(members ...int) bool {
	return f.Engine || slices.ContainsFunc(members, func(m int) bool { return slices.Contains(f.Members, m) })
}

// during returns a fault that one of the members may have felt within a time.
func (r *Result) during(begin, end time.Time, members ...int) *Fault {
	for _, f := range r.World.faults {
		from, to := r.window(f)
		if f.concerns(members...) && begin.Before(to) && end.After(from) {
			return f
		}
	}
	return nil
}

// losses is the rest of I3: what is lost was lost by a fault, and counted.
func (r *Result) losses() {
	gaps, heard := r.World.Ledger.Gaps()
	r.Heard = heard
	type push struct {
		at, from, stream string
		seq              uint64
	}
	pushes := make(map[push]bool)
	var unexplained []peer.Gap
	missed, perWay := 0, make(map[[2]string]map[push]bool)
	for _, g := range gaps {
		r.Lost += g.Count()
		at, from := r.World.lives[g.At], r.World.lives[g.From]
		if at == nil || from == nil {
			r.fail("I3: %v, and nobody knows these nodes", &g)
			continue
		}
		explained := false
		for seq := g.First; seq <= g.Last; seq++ {
			pushes[push{g.At, g.From, g.Stream, seq}] = true
		}
		if f := r.during(g.After, g.Until, at.Member.Index, from.Member.Index); f != nil && at != from {
			begin, end := r.window(f)
			explained = at.told(begin, end) || from.told(begin, end)
		}
		if explained {
			continue
		}
		unexplained = append(unexplained, g)
		missed += g.Count()
		way := [2]string{g.From, g.At}
		if perWay[way] == nil {
			perWay[way] = make(map[push]bool)
		}
		for seq := g.First; seq <= g.Last; seq++ {
			perWay[way][push{g.At, g.From, g.Stream, seq}] = true
		}
	}
	r.LostPushes = len(pushes)
	// Without a fault there are numbers: what a node lost on its way in, or the other
	// on its way out, or what did not fit into an outbox.
	told := 0
	for _, g := range unexplained {
		at, from := r.World.lives[g.At], r.World.lives[g.From]
		lost := at.Report.Stats.Cluster.Lost + from.queues()
		outboxes := at.Report.Stats.Shed
		if r.Case.Deaf {
			outboxes = 0 // these are those of the deaf
		}
		if at != from && uint64(len(perWay[[2]string{g.From, g.At}])) <= lost || uint64(missed) <= outboxes {
			continue
		}
		if told++; told <= 10 {
			r.fail("I3: lost, without a fault or not counted: %v", &g)
		}
	}
	if told > 10 {
		r.fail("I3: … and %d more gaps of that kind", told-10)
	}
}

// queues is what did not leave.
func (l *Life) queues() uint64 {
	c := l.Report.Stats.Cluster
	return c.QueueShed + c.QueueLate + c.QueueRefused + c.QueueUnsent
}

// told reports whether a node has told its Observer, between two moments or a second
// later, that messages may be lost: that its link is down or made anew, or how many
// did not leave or arrive.
func (l *Life) told(begin, end time.Time) bool {
	return slices.ContainsFunc(l.Report.Events, func(e node.Event) bool {
		return slices.Contains([]string{"down", "reset", "shed", "lost"}, e.What) && e.At.After(begin) && e.At.Before(end.Add(time.Second))
	})
}

// rates is I5 and I11: pushes go on at their rate, on each node for its own clients,
// and between nodes that nothing was done to.
func (r *Result) rates() {
	w := r.World
	concerned := func(l *Life, engine bool) bool {
		for _, f := range w.faults {
			if (f.Engine && engine) || slices.Contains(f.Members, l.Member.Index) {
				return true
			}
		}
		return false
	}
	stopped := func(l *Life) bool {
		return slices.ContainsFunc(w.faults, func(f *Fault) bool { return f.Stops && slices.Contains(f.Members, l.Member.Index) })
	}
	compare := func(what string, before, meanwhile, limit float64, lowest *float64) {
		if before == 0 {
			r.fail("%s: nothing came before", what)
			return
		}
		share := meanwhile / before
		if *lowest == 0 || share < *lowest {
			*lowest = share
		}
		if share < limit {
			r.fail("%s: %.1f pushes/s came meanwhile and %.1f before, which is %.2f, and %.2f must be", what, meanwhile, before, share, limit)
		}
	}
	l := w.Ledger
	begin, end := r.Fault, r.Healed
	for _, a := range w.lives {
		if !a.Dead.IsZero() || a.Before.Node == "" || stopped(a) {
			continue // it was not there all the time
		}
		compare(fmt.Sprintf("I5: %v to its own clients", a), l.LocalRate(a.ID, r.Began, begin), l.LocalRate(a.ID, begin, end), w.Scale.LocalRate, &r.Local)
		for _, b := range w.lives {
			if r.Case.Moves || a == b || !b.Dead.IsZero() || concerned(a, true) || concerned(b, true) {
				continue
			}
			compare(fmt.Sprintf("I11: %v to clients of %v", a, b), l.Rate(a.ID, b.ID, r.Began, begin), l.Rate(a.ID, b.ID, begin, end), w.Scale.OthersRate, &r.Others)
		}
	}
}

// questions is I6.
func (r *Result) questions() {
	for _, life := range r.World.lives {
		for i := range life.Report.Questions {
			q := &life.Report.Questions[i]
			r.Questions++
			r.Missing += len(q.Missing)
			r.question(life, q)
		}
	}
}

func (r *Result) question(life *Life, q *node.Question) {
	ended := q.At.Add(q.Took)
	own := r.during(q.At, ended, life.Member.Index)
	if own == nil || !own.Stops {
		r.maximumOfQuestion = max(r.maximumOfQuestion, q.Took)
		if q.Took > q.Limit+r.World.Scale.Late {
			r.fail("I6: a question of %v took %v, and %v is its limit", life, q.Took, q.Limit)
		}
	}
	linked := life.linked(q.At)
	for _, id := range q.Missing {
		other := r.World.lives[id]
		if !linked && other != nil {
			continue // whoever asks while there is no link is told so by that
		}
		switch {
		case strings.Trim(id, "0") == "": // those that it does not know, since it has just begun
			if own == nil && q.At.After(r.Began) {
				r.fail("I6: %v does not know the others at %s", life, q.At.Format("05.000"))
			}
		case other == nil:
			r.fail("I6: %v misses %.6s, and nobody knows that node", life, id)
		case !other.Dead.IsZero() && other.Dead.Before(ended):
		case r.during(q.At, ended, life.Member.Index, other.Member.Index) == nil:
			r.fail("I6: %v misses %v in an answer of %s, and nothing was done to either", life, other, q.At.Format("05.000"))
		}
	}
	stayed := 1
	for _, id := range q.Known {
		if slices.Contains(q.Since, id) {
			stayed++
		}
		other := r.World.lives[id]
		if other == nil || !slices.Contains(q.Since, id) {
			continue
		}
		if dead := r.silent(other, q.At, ended); dead != "" && !slices.Contains(q.Missing, id) {
			r.fail("I6: %v has an answer of %v, which was %s", life, other, dead)
		}
	}
	if q.Nodes > 0 && q.Nodes+len(q.Missing) < stayed {
		r.fail("I6: %v has answers of %d nodes and misses %d, of %d", life, q.Nodes, len(q.Missing), stayed)
	}
}

// linked reports whether the node's link had been up for the first time before then.
func (l *Life) linked(then time.Time) bool {
	return slices.ContainsFunc(l.Report.Events, func(e node.Event) bool { return e.What == "up" && e.At.Before(then) })
}

// silent says why a node cannot have answered what was asked at begin; "" if it may
// have.
func (r *Result) silent(l *Life, begin, end time.Time) string {
	if !l.Dead.IsZero() && begin.After(l.Dead) {
		return "dead"
	}
	for _, f := range r.World.faults {
		if f.Stops && slices.Contains(f.Members, l.Member.Index) && begin.After(f.From.Add(50*time.Millisecond)) && end.Before(f.Resumed) {
			return "stopped"
		}
	}
	return ""
}

// calls is I8. The time for which a call's thread could have run, and the system ran
// others, does not count. The scheduler of Go cannot be asked for that: so the same
// goroutine does about as much work that has nothing to do with the runtime. As often as
// that takes too long, and as much oftener as may be by chance, calls may, too.
func (r *Result) calls() {
	stopped := func(l *Life) bool {
		return slices.ContainsFunc(r.World.faults, func(f *Fault) bool { return f.Stops && slices.Contains(f.Members, l.Member.Index) })
	}
	for _, life := range r.World.lives {
		c, idle := life.Report.Calls, life.Report.Idle
		r.Slow, r.IdleSlow = r.Slow+c.Slow, r.IdleSlow+idle.Slow
		r.P50, r.IdleP50 = max(r.P50, c.P50), max(r.IdleP50, idle.P50)
		r.P999, r.IdleP999 = max(r.P999, c.P999), max(r.IdleP999, idle.P999)
		if c.Most > r.Slowest {
			r.Slowest, r.slowest = c.Most, c.MostCall
		}
		if may := mayBeSlow(&c, &idle); c.Calls >= 1000 && c.Slow > may {
			r.fail("I8: %d of %v's %d calls took longer than %v, and %d may, since %d of %d yardsticks did; the slowest, a %s, took %v", c.Slow, life, c.Calls, r.World.Scale.Call, may, idle.Slow, idle.Calls, c.MostCall, c.Most)
		}
		if c.Most > mostCall && !stopped(life) {
			r.fail("I8: a %s of %v took %v (the yardstick %v at most)", c.MostCall, life, c.Most, idle.Most)
		}
		if life.Dead.IsZero() && life.Before.Node != "" && c.Calls < r.World.Scale.Calls {
			r.fail("I8: %v has made %d calls only", life, c.Calls)
		}
	}
}

// mayBeSlow returns how many calls may be slow: one in a thousand, and as many as of the
// yardstick, and three deviations of that.
func mayBeSlow(c, idle *node.Times) int {
	may := float64(c.Calls) / 1000
	if idle.Calls > 0 {
		n := float64(idle.Slow)
		may += (n + 3*math.Sqrt(n)) * float64(c.Calls) / float64(idle.Calls)
	}
	return int(may)
}

// mostCall is how long no call may take at all: one that waits for an engine that is
// gone, or for a peer, takes longer.
const mostCall = time.Second

// What a node may hold more than before, and how much may wait for its engine, which
// is the runtime's own bound and what overtakes it.
const (
	moreHeap    = 24 << 20
	mostWaiting = 8192 + 256
)

// memory is I9.
func (r *Result) memory() {
	for _, life := range r.World.lives {
		now, before := &life.Report, &life.Before
		r.waited = max(r.waited, now.Waiting)
		if now.Waiting > mostWaiting {
			r.fail("I9: %d messages of %v have waited for the engine", now.Waiting, life)
		}
		if before.Heap == 0 || !life.Dead.IsZero() {
			continue
		}
		if r.HeapBefore == 0 || now.Heap-before.Heap > r.HeapLater-r.HeapBefore {
			r.HeapBefore, r.HeapLater = before.Heap, now.Heap
		}
		if now.Heap > 2*before.Heap+moreHeap {
			r.fail("I9: the heap of %v had %d KiB, and %d afterwards", life, before.Heap>>10, now.Heap>>10)
		}
	}
}

// joins is I12.
func (r *Result) joins() {
	w := r.World
	place := make(map[string]int)
	for _, m := range w.Nodes {
		place[m.Addr()] = m.Index
	}
	missed := make(map[int]int)
	for _, p := range w.probes {
		here, there := place[p.Here], place[p.There]
		if !p.Finished {
			continue
		}
		r.Probes++
		if !p.Arrived && r.during(p.At, p.At.Add(p.Took+3*time.Second), here, there) == nil {
			missed[here]++
		}
	}
	for here, n := range missed {
		unconfirmed := 0
		for _, life := range w.lives {
			if life.Member.Index == here {
				unconfirmed += int(life.Report.Stats.Cluster.JoinsUnconfirmed)
			}
		}
		if n > unconfirmed {
			r.fail("I12: %d times the first push after a reply to a join at %s did not arrive, and %d joins were unconfirmed", n, w.Nodes[here].Config.Name, unconfirmed)
		}
	}
	if r.Probes < 20 {
		r.fail("I12: only %d joins were tried", r.Probes)
	}
	if len(w.faults) == 0 && r.Unconfirmed*1000 > r.Probes+1000 {
		r.fail("I12: %d of %d joins were unconfirmed without a fault", r.Unconfirmed, r.Probes)
	}
}
