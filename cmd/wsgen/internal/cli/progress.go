package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// patience is how long a run may take before a terminal is told what it does.
const patience = time.Second

// progress is a line in the terminal that says what a long run is doing. The
// nil *progress says nothing.
type progress struct {
	out   io.Writer
	begun time.Time
	done  chan struct{}
	ended sync.WaitGroup

	mu    sync.Mutex
	doing string // guarded by mu
}

// progress starts the line of this run, if people read standard error.
func (j *job) progress() *progress {
	if !isTerminal(j.err) || j.flags.format != formatText {
		return nil
	}
	return newProgress(j.err)
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, begun: time.Now(), done: make(chan struct{})}
	p.ended.Go(p.run)
	return p
}

// step says what the run does from now on.
func (p *progress) step(doing string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doing = doing
}

// stop removes the line. Nothing is written afterwards.
func (p *progress) stop() {
	if p == nil {
		return
	}
	close(p.done)
	p.ended.Wait()
}

// run draws the line once per second, on top of itself.
func (p *progress) run() {
	tick := time.NewTicker(patience)
	defer tick.Stop()
	drawn := false
	for {
		select {
		case <-p.done:
			if drawn {
				fmt.Fprint(p.out, "\r\x1b[K")
			}
			return
		case now := <-tick.C:
			p.mu.Lock()
			doing := p.doing
			p.mu.Unlock()
			fmt.Fprintf(p.out, "\r\x1b[Kwsgen: %s, %d s", doing, int(now.Sub(p.begun)/time.Second))
			drawn = true
		}
	}
}
