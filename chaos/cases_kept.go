package main

import (
	"errors"
	"strings"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/engine"
	"github.com/wsgen/wsgen/chaos/internal/node"
)

// failEngine has the engine fail in one way after the other, each once at least.
func failEngine(w *World) error {
	failures := w.Engine.Failures()
	began := time.Now()
	for i := 0; i < len(failures) || time.Since(began) < w.Scale.During; i++ {
		next := time.Now().Add(w.Scale.Every)
		if err := w.fail(&failures[i%len(failures)]); err != nil {
			return err
		}
		time.Sleep(time.Until(next))
	}
	return nil
}

// fail has the engine fail in one way, and returns when all is up again.
func (w *World) fail(f *engine.Failure) error {
	fault := Fault{What: f.What, Engine: f.Server == engine.All}
	if !fault.Engine {
		fault.Members = w.at(f.Server)
	}
	defer w.Fault(fault)()
	if f.Loses {
		over := w.Book.Lose(time.Now())
		defer func() { over(time.Now()) }()
	}
	holes, err := f.Do(w.Scale.Outage)
	for _, h := range holes {
		for _, room := range node.AllKept() {
			if node.ChannelOf(room) == h.Channel {
				w.Book.Hole(room, h.After, h.Before)
			}
		}
	}
	if err != nil {
		return err
	}
	for _, m := range w.Nodes {
		m.Proxy.Turn(w.Engine.Addr(m.Index % w.Engine.Servers()))
	}
	return w.allUp()
}

// fillEngine has the engine refuse to keep anything, for a while and again. That
// concerns nothing else, and so it is no fault of any node's.
func fillEngine(w *World) error {
	return w.again(w.Nodes, func(*Member) error {
		over := w.Fault(Fault{What: "no room for what is to be kept"})
		err := w.Engine.Fill()
		if err == nil {
			time.Sleep(w.Scale.Outage / 2)
		}
		err = errors.Join(err, w.Engine.Drain())
		over()
		return err
	})
}

// crowd has all followers lose their connections, and come back in the same second. The
// machine is busy with their handshakes then, and so that is a fault of all nodes: what
// has a deadline may miss it.
func crowd(w *World) error {
	return w.again(w.Nodes, func(*Member) error {
		defer w.Fault(Fault{What: "a crowd lost its connections", Engine: true})()
		w.away.Store(true)
		for _, f := range w.Followers {
			f.Cut()
		}
		time.Sleep(w.Scale.Outage / 4) // in which they miss something
		ends := w.Book.Newest()
		began := time.Now()
		w.away.Store(false)
		var behind []string
		if err := w.Until("a crowd of followers is back", 60*time.Second, func() bool {
			behind = w.Book.Behind(ends, false)
			return len(behind) == 0
		}); err != nil {
			return errors.Join(err, errors.New("I1: "+strings.Join(behind, "; ")))
		}
		w.back = max(w.back, time.Since(began))
		return nil
	})
}
