package peer

import (
	"fmt"
	"sync"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/node"
)

// Gap is pushes that a client has not heard, between two that it has.
type Gap struct {
	Client       string
	At, From     string // ids of the client's node, and of the one that has pushed
	Stream       string
	First, Last  uint64    // those that are missing
	After, Until time.Time // when the one before them and the one behind them came
}

// Count returns how many are missing.
func (g *Gap) Count() int { return int(g.Last - g.First + 1) }

func (g *Gap) String() string {
	return fmt.Sprintf("%s at %s misses %s %d…%d of %s, between %s and %s",
		g.Client, short(g.At), g.Stream, g.First, g.Last, short(g.From), g.After.Format("05.000"), g.Until.Format("05.000"))
}

func short(id string) string { return id[:min(len(id), 6)] }

// Slot is how finely time is told in a Ledger.
const Slot = 100 * time.Millisecond

// way is from one node to another.
type way struct{ from, at string }

// Ledger is what all clients have heard. Its methods are safe for concurrent use.
type Ledger struct {
	began time.Time

	mu        sync.Mutex
	heard     uint64            // guarded by mu
	gaps      []Gap             // guarded by mu
	wrong     []string          // guarded by mu; what must not be, whatever happens
	wrongs    int               // guarded by mu
	ways      map[way][]int     // guarded by mu; how many came, by Slot
	local     map[string][]int  // guarded by mu; by node: of its own to its own, each once
	localLast map[string]uint64 // guarded by mu
}

// NewLedger returns an empty Ledger.
func NewLedger() *Ledger {
	return &Ledger{began: time.Now(), ways: make(map[way][]int), local: make(map[string][]int), localLast: make(map[string]uint64)}
}

// mostWrong is how many things that must not be are told one by one.
const mostWrong = 20

// Wrong notes what must not be.
func (l *Ledger) Wrong(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrongs++; l.wrongs <= mostWrong {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// Wrongs returns what must not be, and how often there was something.
func (l *Ledger) Wrongs() ([]string, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.wrong...), l.wrongs
}

// Gaps returns what was not heard, and how much was.
func (l *Ledger) Gaps() ([]Gap, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Gap(nil), l.gaps...), l.heard
}

func (l *Ledger) gap(g Gap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gaps = append(l.gaps, g)
}

// note counts a push that was heard.
func (l *Ledger) note(at string, line *node.Line, now time.Time) {
	slot := int(now.Sub(l.began) / Slot)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard++
	w := way{line.Node, at}
	l.ways[w] = count(l.ways[w], slot)
	if node.Kind(line.Stream[0]) == node.ToLocal && line.Seq > l.localLast[line.Node] {
		l.localLast[line.Node] = line.Seq
		l.local[line.Node] = count(l.local[line.Node], slot)
	}
}

func count(slots []int, slot int) []int {
	for len(slots) <= slot {
		slots = append(slots, 0)
	}
	slots[slot]++
	return slots
}

// Rate returns how many pushes of one node came to clients of another in a second,
// on average between two moments.
func (l *Ledger) Rate(from, at string, begin, end time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate(l.ways[way{from, at}], begin, end)
}

// LocalRate is Rate for what a node pushes to its own room of its own clients, each
// push once.
func (l *Ledger) LocalRate(id string, begin, end time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate(l.local[id], begin, end)
}

func (l *Ledger) rate(slots []int, begin, end time.Time) float64 {
	first, last := int(begin.Sub(l.began)/Slot)+1, int(end.Sub(l.began)/Slot)
	n := 0
	for i := first; i < last && i < len(slots); i++ {
		n += slots[i]
	}
	if last <= first {
		return 0
	}
	return float64(n) / (float64(last-first) * Slot.Seconds())
}
