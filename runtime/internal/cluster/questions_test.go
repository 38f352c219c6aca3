package cluster

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// asks runs check with Questions of a node whose link is up.
func asks(t *testing.T, o QuestionsOptions, check func(*asker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := &asker{Questions: NewQuestions(o), t: t}
		q.Up()
		check(q)
		synctest.Wait()
		if _, open := q.Numbers(); open != 0 || q.held != 0 {
			t.Errorf("in the end %d questions are open, and %d bytes held", open, q.held)
		}
	})
}

type asker struct {
	*Questions
	t *testing.T
}

// inquiry is a question that was asked.
type inquiry struct {
	q       *asker
	request uint64
	ended   chan struct{}
	got     Answers
	took    time.Duration
	given   [][]byte // what has arrived
}

// ask asks these nodes, for at most ten seconds.
func (q *asker) ask(members ...uint64) *inquiry {
	a := &inquiry{q: q, ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		ctx, cancel := context.WithTimeout(q.t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		a.got = q.Ask(ctx, func() []uint64 { return members }, func(request uint64) bool {
			a.request = request
			return true
		})
		a.took = time.Since(began)
	}()
	synctest.Wait()
	return a
}

// answer has a node answer, in parts.
func (a *inquiry) answer(from uint64, parts ...string) {
	for i, text := range parts {
		a.part(from, i, i == len(parts)-1, text)
	}
}

// part has a part of an answer arrive.
func (a *inquiry) part(from uint64, number int, last bool, text string) {
	a.arrive(Packet[id]{Kind: Answer, From: from, Request: a.request, Part: uint64(number), Last: last, Payload: []byte(text)})
}

func (a *inquiry) arrive(p Packet[id]) {
	a.q.t.Helper()
	data, err := p.Append(nil)
	var v View
	if err != nil || v.Parse(data) != nil {
		a.q.t.Fatal(err, v.Parse(data))
	}
	whole := append(v.Payload, "behind it"...)
	v.Payload = whole[:len(v.Payload)] // a link may hand over a part of something larger
	a.given = append(a.given, whole)
	a.q.Heard(&v)
}

// ends compares the outcome, as "node:answer" and "node missing", and how long the
// question took.
func (a *inquiry) ends(what string, took time.Duration, want ...string) {
	t := a.q.t
	t.Helper()
	<-a.ended
	for _, whole := range a.given {
		if !bytes.HasSuffix(whole, []byte("behind it")) {
			t.Errorf("%s: it writes behind what it was given", what)
		}
	}
	var got []string
	for _, from := range slices.Sorted(maps.Keys(a.got.By)) {
		got = append(got, fmt.Sprint(from, ":", string(a.got.By[from])))
	}
	for _, from := range a.got.Missing {
		got = append(got, fmt.Sprint(from, " missing"))
	}
	if !slices.Equal(got, want) || a.took != took {
		t.Errorf("%s: %q after %v, want %q after %v", what, got, a.took, want, took)
	}
}

// counts compares the numbers.
func (q *asker) counts(what string, want Asked) {
	q.t.Helper()
	if got, _ := q.Numbers(); got != want {
		q.t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// TestQuestions: a question ends when all who were asked have answered, when ctx
// ends, and when those left are gone; and says who is missing.
func TestQuestions(t *testing.T) {
	asks(t, QuestionsOptions{}, func(q *asker) {
		a := q.ask(3, 1, 2, 1)
		time.Sleep(time.Second)
		a.answer(1, "one")
		a.answer(3, "")
		a.answer(2, "t", "w", "", "o")
		a.ends("all have answered", time.Second, "1:one", "2:two", "3:")

		a = q.ask()
		a.ends("there is nobody", 0)

		a = q.ask(9, 1, 8, 2)
		a.answer(1, "one")
		a.part(2, 0, false, "tw")
		a.ends("some are silent", 10*time.Second, "1:one", "2 missing", "8 missing", "9 missing")
		a.answer(9, "late")
		q.counts("so far", Asked{Questions: 3, Missing: 3, Stray: 1})

		a = q.ask(1, 2, 3, 4)
		time.Sleep(time.Second)
		q.Gone(3, false)
		q.Gone(5, false)
		a.answer(1, "one")
		a.part(2, 0, false, "tw")
		q.Gone(2, true)
		q.Gone(4, true)
		a.ends("one is gone, and two have left", time.Second, "1:one", "3 missing")
	})
}

// TestQuestionsGoneMeanwhile: who is gone right when the question begins is not
// waited for.
func TestQuestionsGoneMeanwhile(t *testing.T) {
	asks(t, QuestionsOptions{}, func(q *asker) {
		began := time.Now()
		got := q.Ask(q.t.Context(), func() []uint64 {
			go q.Gone(1, false) // from now on members would not return it
			return []uint64{1}
		}, func(uint64) bool { return true })
		if !slices.Equal(got.Missing, []uint64{1}) || time.Since(began) > 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestQuestionsDown: while the link is down nobody waits, and a push is sent all the
// same.
func TestQuestionsDown(t *testing.T) {
	asks(t, QuestionsOptions{}, func(q *asker) {
		a, b := q.ask(1, 2), q.ask(2)
		time.Sleep(time.Second)
		a.answer(1, "one")
		q.Down()
		a.ends("it breaks", time.Second, "1:one", "2 missing")
		b.ends("it breaks", time.Second, "2 missing")

		c := q.ask(2, 1)
		if c.ends("it is down", 0, "1 missing", "2 missing"); c.request != 0 {
			t.Error("an answer is wanted that nobody waits for")
		}
		q.Up()
		d := q.ask(1)
		d.answer(1, "one")
		d.ends("it is up", 0, "1:one")

		ended, cancel := context.WithCancel(q.t.Context())
		cancel()
		got := q.Ask(ended, func() []uint64 { return []uint64{1} }, func(request uint64) bool { return request == 0 })
		if !slices.Equal(got.Missing, []uint64{1}) {
			t.Errorf("its time is over: %+v", got)
		}
		got = q.Ask(q.t.Context(), func() []uint64 { return []uint64{1} }, func(uint64) bool { return false })
		if !slices.Equal(got.Missing, []uint64{1}) {
			t.Errorf("it cannot be sent: %+v", got)
		}
		q.counts("all", Asked{Questions: 6, Missing: 6})
	})
}

// TestQuestionsMost: more than so many at once end at once, and count.
func TestQuestionsMost(t *testing.T) {
	asks(t, QuestionsOptions{}, func(q *asker) {
		var all []*inquiry
		for range 256 {
			all = append(all, q.ask(1))
		}
		over := q.ask(2, 1)
		if over.ends("one more", 0, "1 missing", "2 missing"); over.request != 0 {
			t.Error("an answer is wanted that nobody waits for")
		}
		all[7].answer(1, "seven")
		all[7].ends("one of them", 0, "1:seven")
		again := q.ask(1)
		again.answer(1, "again")
		again.ends("there is room", 0, "1:again")
		requests := map[uint64]bool{}
		for i, a := range all {
			if requests[a.request] = true; i != 7 {
				a.answer(1, fmt.Sprint(i))
				a.ends("the rest", 0, fmt.Sprint("1:", i))
			}
		}
		if len(requests) != 256 || requests[0] {
			t.Errorf("%d requests for 256 questions", len(requests))
		}
		q.counts("all", Asked{Questions: 258, Overrun: 1, Missing: 2})
	})
}

// TestQuestionsParts: what comes twice is there once, an answer that lacks a part
// is none, and nobody answers for another.
func TestQuestionsParts(t *testing.T) {
	asks(t, QuestionsOptions{}, func(q *asker) {
		a, b := q.ask(1, 2, 3), q.ask(4)
		a.part(1, 0, false, "o")
		a.part(1, 0, false, "o")
		a.part(1, 1, false, "n")
		a.part(1, 0, true, "x")
		a.part(1, 2, true, "e")
		a.part(1, 2, true, "e")
		a.part(2, 0, false, "t")
		a.part(2, 2, true, "o")
		a.answer(2, "two")
		a.answer(4, "forged") // it was asked something else
		a.answer(9, "forged")
		a.arrive(Packet[id]{Kind: Answer, From: 3, Request: a.request + 1000, Last: true})
		q.counts("so far", Asked{Questions: 2, Broken: 1, Stray: 5})
		a.answer(3, "three")
		a.ends("parts", 0, "1:one", "3:three", "2 missing")
		b.answer(4, "four")
		b.ends("the other", 0, "4:four")

		c := q.ask(1, 2)
		c.arrive(Packet[id]{Kind: Answer, From: 1, Request: c.request, Last: true, Refusal: true})
		c.answer(2, "two")
		c.ends("unsupported", 0, "2:two", "1 missing")
		q.counts("in the end", Asked{Questions: 3, Broken: 1, Stray: 5, Missing: 2, Unsupported: 1})
	})
}

// TestQuestionsBounds: an answer that is too long is none, nor is one that finds no
// room beside others; when the others are done there is room again.
func TestQuestionsBounds(t *testing.T) {
	asks(t, QuestionsOptions{MaxAnswer: 100, MaxHeld: 250}, func(q *asker) {
		hundred, fifty := strings.Repeat("x", 100), strings.Repeat("x", 50)
		a := q.ask(1, 2, 3)
		a.answer(1, hundred)
		a.answer(2, hundred+"x")
		a.answer(3, hundred, "", "x")
		a.ends("long", 0, "1:"+hundred, "2 missing", "3 missing")

		a, b := q.ask(1, 2, 3), q.ask(1)
		a.answer(1, fifty, fifty)
		a.answer(2, hundred)
		b.answer(1, hundred)
		b.ends("no room", 0, "1 missing")
		a.answer(3, fifty)
		a.ends("room", 0, "1:"+hundred, "2:"+hundred, "3:"+fifty)
		c := q.ask(1)
		c.answer(1, hundred)
		c.ends("room again", 0, "1:"+hundred)
		q.counts("all", Asked{Questions: 4, Broken: 3, Missing: 3})
	})
}

// TestQuestionsChaos: whoever was asked has answered with what it said, or is
// missing, or has left; whatever is lost, late or twice.
func TestQuestionsChaos(t *testing.T) {
	var total Asked
	for seed := range uint64(20) {
		asks(t, QuestionsOptions{Most: 20}, func(q *asker) {
			var all sync.WaitGroup
			var mu sync.Mutex
			left := make(map[uint64]bool) // guarded by mu
			for n := range uint64(40) {
				dice := rand.New(rand.NewPCG(seed, n))
				pause := func(most time.Duration) { time.Sleep(time.Duration(dice.Int64N(int64(most)))) }
				all.Go(func() {
					pause(5 * time.Second)
					members := []uint64{1, 2, 3, 4, 5, 6}
					ctx, cancel := context.WithTimeout(q.t.Context(), 3*time.Second)
					defer cancel()
					got := q.Ask(ctx, func() []uint64 { return members }, func(request uint64) bool {
						for _, m := range members {
							a, dice := inquiry{q: q, request: request}, rand.New(rand.NewPCG(seed, n*100+m))
							all.Go(func() {
								if request == 0 {
									return
								}
								for i := range 4 {
									time.Sleep(time.Duration(dice.Int64N(int64(time.Second))))
									switch dice.IntN(20) {
									case 0:
										continue
									case 1:
										a.part(m, i, i == 3, fmt.Sprint(m))
									case 2:
										mu.Lock()
										left[m] = true // before it is told, so that nothing is missed
										mu.Unlock()
										q.Gone(m, true)
									}
									a.part(m, i, i == 3, fmt.Sprint(m))
								}
							})
						}
						if dice.IntN(30) == 0 {
							q.Down()
							pause(time.Second)
							q.Up()
						}
						return true
					})
					for _, m := range members {
						text, has := got.By[m]
						missing := slices.Contains(got.Missing, m)
						mu.Lock()
						gone := left[m]
						mu.Unlock()
						if has && missing || !has && !missing && !gone || has && string(text) != strings.Repeat(fmt.Sprint(m), 4) {
							t.Errorf("seed %d: node %d: %q, missing %t", seed, m, text, missing)
						}
					}
					if len(got.By)+len(got.Missing) > len(members) || !slices.IsSorted(got.Missing) {
						t.Errorf("seed %d: %+v", seed, got)
					}
				})
			}
			all.Wait()
			n, _ := q.Numbers()
			if n.Questions != 40 {
				t.Errorf("seed %d: %+v", seed, n)
			}
			total.Overrun += n.Overrun
			total.Missing += n.Missing
			total.Broken += n.Broken
			total.Stray += n.Stray
		})
	}
	if total.Overrun == 0 || total.Missing == 0 || total.Broken == 0 || total.Stray == 0 {
		t.Errorf("not everything has happened: %+v", total)
	}
}
