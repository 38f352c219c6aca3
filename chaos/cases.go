package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// Case is one thing that goes wrong.
type Case struct {
	Name, What string
	// Do does it, for about Scale.During.
	Do func(w *World) error

	Deaf   bool // one client in ten reads nothing
	Churns bool // a room is joined and left all the time
	Moves  bool // clients go from node to node, so that rates change by that
	Cuts   bool // links break: a case in which none does is no test
	Crowd  bool // there are thousands of followers
	Full   bool // the engine refuses to keep anything: if it does not that is no test
}

// Cases returns all of them.
func Cases() []Case {
	return []Case{
		{Name: "C1", What: "kill -9 of a node, again and again", Do: killNodes, Moves: true},
		{Name: "C2", What: "the engine is killed, and loses what it keeps", Do: failEngine, Cuts: true},
		{Name: "C3", What: "one node is cut off from the engine", Do: cutNode, Cuts: true},
		{Name: "C4", What: "a link is half open: bytes vanish, and nothing is closed", Do: halfOpen, Cuts: true},
		{Name: "C5", What: "rolling restart, with another build mixed in", Do: rolling, Moves: true},
		{Name: "C6", What: "one node is stopped", Do: stopNode},
		{Name: "C7", What: "one client in ten reads nothing", Do: wait, Deaf: true},
		{Name: "C8", What: "a crowd of followers comes back in the same second", Do: crowd, Crowd: true},
		{Name: "C9", What: "the engine has no room for what is to be kept", Do: fillEngine, Full: true},
		{Name: "C10", What: "a room is joined and left 1000 times a second", Do: wait, Churns: true},
	}
}

// CaseNamed returns a Case.
func CaseNamed(name string) (*Case, error) {
	for _, c := range Cases() {
		if c.Name == name {
			return &c, nil
		}
	}
	return nil, fmt.Errorf("there is no case %q", name)
}

func wait(w *World) error {
	time.Sleep(w.Scale.During)
	return nil
}

// again does something to one of the members after another, as long as the case
// lasts.
func (w *World) again(all []*Member, do func(m *Member) error) error {
	began := time.Now()
	for i := 0; i == 0 || time.Since(began) < w.Scale.During; i++ {
		next := time.Now().Add(w.Scale.Every)
		if err := do(all[i%len(all)]); err != nil {
			return err
		}
		time.Sleep(time.Until(next))
	}
	return nil
}

// killNodes leaves one alone, so that it can be seen how others' deaths are for it.
func killNodes(w *World) error {
	return w.again(w.Nodes[1:], func(m *Member) error {
		defer w.Fault(Fault{What: "killed", Members: []int{m.Index}})()
		w.Kill(m)
		time.Sleep(w.Scale.Outage / 4)
		if err := w.Start(m); err != nil {
			return err
		}
		return w.up(m)
	})
}

// up waits until the link of m works.
func (w *World) up(m *Member) error {
	return w.Until(m.Config.Name+" is up", 30*time.Second, func() bool {
		r, err := w.report(m, false)
		return err == nil && r.Stats.Cluster.Up
	})
}

// allUp is up for all.
func (w *World) allUp() error {
	var failed error
	for _, m := range w.Nodes {
		failed = errors.Join(failed, w.up(m))
	}
	return failed
}

// at returns the members that are connected to a server of the engine.
func (w *World) at(server int) (members []int) {
	for _, m := range w.Nodes {
		if m.Index%w.Engine.Servers() == server {
			members = append(members, m.Index)
		}
	}
	return members
}

// noticed is how long a case must last in which servers are cut off from each other:
// no link breaks, and so nodes notice it by their heartbeats only.
const noticed = 30 * time.Second

// cutNode cuts off one node: at first so that connections end, and then so that
// nothing gets on. In the end it cuts off the servers of the engine from each other,
// if there are several and there is time.
func cutNode(w *World) error {
	began := time.Now()
	m := w.Nodes[1]
	node := Fault{What: "cut off", Members: []int{m.Index}}
	ways := []struct {
		Fault
		how, heal func()
	}{
		{node, m.Proxy.Cut, m.Proxy.Heal},
		{node, m.Proxy.Stall, m.Proxy.Heal},
		{Fault{What: silentlyLost, Engine: true}, w.Engine.Part, w.Engine.Heal},
	}
	if w.Engine.Servers() == 1 || w.Scale.During < noticed {
		ways = ways[:2]
	}
	n := time.Duration(len(ways))
	rest := w.Scale.During / n / 4 // between two of them, and behind the last
	outage := min(w.Scale.Outage, w.Scale.During/n-rest)
	for _, way := range ways {
		over := w.Fault(way.Fault)
		way.how()
		time.Sleep(outage)
		way.heal()
		if err := w.allUp(); err != nil {
			return err
		}
		if err := w.Until("the nodes know each other again", 30*time.Second, w.complete); err != nil {
			return err
		}
		over()
		time.Sleep(rest)
	}
	time.Sleep(w.Scale.During - time.Since(began))
	return nil
}

// halfOpen waits until the node has noticed.
func halfOpen(w *World) error {
	began := time.Now()
	m := w.Nodes[1]
	r, err := w.report(m, false)
	if err != nil {
		return err
	}
	over := w.Fault(Fault{What: "half open", Members: []int{m.Index}})
	m.Proxy.Hole()
	err = w.Until("the half-open link is noticed", 45*time.Second, func() bool {
		now, err := w.report(m, false)
		return err == nil && now.Stats.Cluster.Up && now.Stats.Cluster.Outages > r.Stats.Cluster.Outages
	})
	over()
	if err != nil {
		return err
	}
	time.Sleep(w.Scale.During - time.Since(began))
	return nil
}

func stopNode(w *World) error {
	m := w.Nodes[1]
	for i, long := range w.Scale.Stops {
		if i > 0 {
			time.Sleep(w.Scale.After)
		}
		f := &Fault{What: fmt.Sprintf("stopped for %v", long), Members: []int{m.Index}, Stops: true}
		over := w.Begin(f)
		m.Signal(syscall.SIGSTOP)
		time.Sleep(long)
		f.Resumed = time.Now()
		m.Signal(syscall.SIGCONT)
		if err := w.up(m); err != nil {
			return err
		}
		time.Sleep(time.Second) // what has waited for it comes at once
		over()
	}
	return nil
}

// rolling ends the nodes one by one, and starts others in their places: of the next
// release, of this one, and so on.
func rolling(w *World) error {
	n := 0
	return w.again(w.Nodes, func(m *Member) error {
		defer w.Fault(Fault{What: "restarted", Members: []int{m.Index}})()
		w.Shutdown(m)
		m.Binary = ""
		if n++; n%2 == 1 {
			m.Binary = w.Scale.BinaryOfNext
		}
		if err := w.Start(m); err != nil {
			return err
		}
		return w.Until("the nodes know each other", 30*time.Second, w.complete)
	})
}

// Run has a case happen, and returns what came of it.
func Run(name string, c *Case, s Scale) (*Result, error) {
	w, err := Open(name, c, s)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	time.Sleep(time.Second) // until nothing is new any more
	w.Look(true)
	w.mu.Lock()
	for _, life := range w.lives {
		life.Before = life.Report
	}
	w.mu.Unlock()
	r := &Result{Engine: name, Case: c, World: w, Began: time.Now()}
	time.Sleep(s.Before)
	if err := w.followed(); err != nil {
		return nil, err
	}
	r.Fault = time.Now()
	failed := c.Do(w)
	r.Healed = time.Now()
	if failed != nil {
		w.Problem("%v", failed)
	}
	if err := w.Until("after it all, nodes know each other", 40*time.Second, w.complete); err != nil {
		w.Problem("%v", err)
	}
	if err := w.Until("after it all, all clients are at a node", 20*time.Second, w.served); err != nil {
		w.Problem("%v", err)
	}
	w.people()
	time.Sleep(s.After)
	w.settle()
	w.settleKept()
	r.check()
	w.farewell()
	r.finish()
	return r, nil
}

// settle has the nodes push for the last time, and waits until that is with all.
func (w *World) settle() {
	close(w.ends)
	w.runs.Wait()
	for _, m := range w.Nodes {
		r, err := w.web.Post("http://"+m.Addr()+"/rate?n=0", "", nil)
		if err != nil {
			w.Problem("%s does not answer: %v", m.Config.Name, err)
			continue
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	w.Look(false)
	_ = w.Until("", 5*time.Second, func() bool { return len(w.missing()) == 0 })
	for _, what := range w.missing() {
		w.Problem("I3: 5 s after the last push %s", what)
	}
	w.Look(true)
}

// missing returns who has not heard a last push, with all links up.
func (w *World) missing() (all []string) {
	for _, m := range w.Nodes {
		life := m.Life()
		if life == nil {
			continue
		}
		for stream, last := range life.Report.Last {
			for _, c := range w.Clients {
				if _, ok := c.Hears(stream, life.ID); !ok || c.Deaf || c.Churns {
					continue
				}
				if has := c.Has(life.ID, stream); has != last && len(all) < 10 {
					all = append(all, fmt.Sprintf("%s at %.6s has heard %d of %d of %s of %s", c.Name, c.At(), has, last, stream, m.Config.Name))
				}
			}
		}
	}
	return all
}

// farewell ends clients and nodes, and looks what is left on the engine.
func (w *World) farewell() {
	w.goodbye()
	for _, m := range w.Nodes {
		m.Proxy.Fill()
		w.Shutdown(m)
	}
	var left int
	if err := w.Until("nothing is left on the engine", 5*time.Second, func() bool {
		n, err := w.Engine.Subscriptions()
		left = n
		return err == nil && n == 0
	}); err != nil {
		w.Problem("I10: %d subscriptions are left on the engine after Shutdown", left)
	}
}
