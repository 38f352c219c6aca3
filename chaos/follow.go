package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/kept"
	"github.com/wsgen/wsgen/chaos/internal/node"
	"github.com/wsgen/wsgen/chaos/internal/peer"
)

// This file is about kept pushes: who follows them, what was told of them, and whether
// that is so.

// follow makes followers. One in three follows one room, and stays wherever it is; the
// others follow two and a user, and cut their connections all the time. Lazy ones follow
// a room in which there is more than they read, and a crowd follows one room each.
func (w *World) follow(c *Case) {
	where := func(i int) func(int) string {
		return func(attempt int) string {
			if w.away.Load() {
				return ""
			}
			return w.Nodes[(i+attempt)%len(w.Nodes)].Addr()
		}
	}
	add := func(f *peer.Follower) {
		f.Has, f.Ledger = w.Book.Follower(f.Name), w.Ledger
		w.Followers = append(w.Followers, f)
		f.Begin()
	}
	for i := range w.Scale.Followers {
		f := &peer.Follower{
			Name: fmt.Sprint("follower", i), User: nobody, Where: where(i),
			Rooms: []string{node.KeptIn(i / 3)},
		}
		if i%3 > 0 {
			f.User = node.Reader(i)
			f.Rooms = []string{node.KeptIn(i), node.KeptIn(i + 1), node.Mine}
			f.Hops, f.Back = true, 1500*time.Millisecond
		}
		add(f)
	}
	if c.Deaf {
		for i := range w.Scale.Lazy {
			add(&peer.Follower{
				Name: fmt.Sprint("lazy follower ", i), User: nobody, Where: where(i),
				Rooms: []string{node.Torrent, node.KeptIn(i)}, Lazy: true,
			})
		}
	}
	if c.Crowd {
		for i := range w.Scale.Crowd {
			add(&peer.Follower{
				Name: fmt.Sprint("one of the crowd, ", i), User: nobody, Where: where(i),
				Rooms: []string{node.KeptIn(i)}, Back: time.Second,
			})
		}
	}
}

// nobody is the user of followers to whom as a user nothing is pushed.
const nobody = "nobody"

// followed waits until all followers were told where they are: an engine may need a
// while until it keeps anything.
func (w *World) followed() error {
	var nowhere []string
	if err := w.Until("all followers were told where they are", time.Minute, func() bool {
		nowhere = w.Book.Nowhere()
		return len(nowhere) == 0
	}); err != nil {
		return fmt.Errorf("%w: %s", err, strings.Join(nowhere, "; "))
	}
	return nil
}

// listen reads what a node says of what is kept.
func (w *World) listen(in *bufio.Reader) {
	for {
		text, err := in.ReadString('\n')
		if told, ok := node.ReadTold(strings.TrimSuffix(text, "\n")); ok {
			w.told(told)
		}
		if err != nil {
			return
		}
	}
}

// told notes what a writer was told.
func (w *World) told(t node.Told) {
	line, ok := node.ReadLine(t.Text)
	if !ok {
		w.Problem("I2: a writer says %+v", t)
		return
	}
	m, to := peer.Message(t.Text, &line)
	at, is := kept.ReadPlace(t.At)
	switch {
	case is:
		w.Book.Kept(to[len(to)-1], at, m, time.Now())
	case t.Not:
		w.Book.Refused(m, time.Now())
	default:
		w.Book.Unsure(m, time.Now())
	}
}

// atEnd is how soon behind the last kept push all who follow have it.
const atEnd = 5 * time.Second

// settleKept has the last pushes be kept, and waits until all followers have them.
func (w *World) settleKept() {
	if len(w.Followers) == 0 {
		return
	}
	for _, f := range w.Followers {
		f.Stay()
	}
	ends, err := w.finishKept(w.Nodes[0])
	if err != nil {
		w.Problem("I1: after it all: %v", err)
		return
	}
	var behind []string
	_ = w.Until("", atEnd, func() bool {
		behind = w.Book.Behind(ends, true)
		return len(behind) == 0
	})
	for _, what := range behind {
		w.Problem("I1: %v after the last kept push %s", atEnd, what)
	}
}

// finishKept has a node push to all rooms and users with a history, and returns where
// that is kept.
func (w *World) finishKept(m *Member) (map[string]kept.Place, error) {
	web := http.Client{Timeout: 45 * time.Second}
	answer, err := web.Post("http://"+m.Addr()+"/finish", "", nil)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		return nil, fmt.Errorf("%s: %s", m.Config.Name, strings.TrimSpace(string(text)))
	}
	var said map[string]string
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return nil, err
	}
	ends := make(map[string]kept.Place)
	for _, room := range node.AllKept() {
		at, ok := kept.ReadPlace(said[room])
		if !ok {
			return nil, fmt.Errorf("%s says that %q is the end of %s", m.Config.Name, said[room], room)
		}
		ends[room] = at
	}
	return ends, nil
}

// histories is I1 and I2.
func (r *Result) histories() {
	w := r.World
	if len(w.Followers) == 0 {
		return
	}
	for _, what := range w.Book.Verify(r.Fault) {
		r.fail("%s", what)
	}
	r.Kept, r.followers = w.Book.Sums(), len(w.Followers)
	for _, life := range w.lives {
		r.Resets += life.Report.Stats.History.Resets
		r.catchUps += life.Report.Stats.History.CatchUps
	}
	switch {
	case r.Kept.Kept < 20:
		r.fail("I2: writers were told of %d pushes only that they are kept", r.Kept.Kept)
	case r.Kept.Heard < r.Kept.Kept || r.Kept.Returns < 10:
		r.fail("I1: %d kept pushes came to followers, who have come back %d times, so little was tested", r.Kept.Heard, r.Kept.Returns)
	}
	if r.Case.Full && r.Kept.Refused == 0 {
		r.fail("%s: nothing was refused, so there was room", r.Case.Name)
	}
}

// held says how often an invariant did not hold.
func (r *Result) held(name string) string {
	n := 0
	for _, p := range r.Problems {
		if strings.HasPrefix(p, name+":") {
			n++
		}
	}
	if n == 0 {
		return "held"
	}
	return fmt.Sprint(n, " times not")
}

// printKept tells of kept pushes.
func (r *Result) printKept(out io.Writer) {
	k := &r.Kept
	fmt.Fprintf(out, "  kept: %d, %d refused, %d unsure; %d came to followers, who went on %d times, %d of these with something missing, and were told of a loss %d times; %d were behind and caught up, %d resets\n",
		k.Kept, k.Refused, k.Unsure, k.Heard, k.Returns, k.Missing, k.Lost, r.catchUps, r.Resets)
	if r.World.back > 0 {
		fmt.Fprintf(out, "  %d followers had all that they had missed %v behind the first of them, at most\n", r.followers, r.World.back.Round(time.Millisecond))
	}
	fmt.Fprintf(out, "  I1 %s, I2 %s\n", r.held("I1"), r.held("I2"))
}
