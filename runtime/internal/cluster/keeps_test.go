package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// keepLink is a Keeper that keeps what it is given, as keep says.
type keepLink struct {
	broker.Keeper // no other method is called

	mu    sync.Mutex
	keep  func(ctx context.Context, batch []broker.Kept) []broker.Outcome // nil keeps all
	calls int
	got   []string // data of what is kept
}

func (l *keepLink) Keep(ctx context.Context, batch []broker.Kept) []broker.Outcome {
	l.mu.Lock()
	l.calls++
	keep := l.keep
	l.mu.Unlock()
	out := make([]broker.Outcome, len(batch))
	if keep != nil {
		out = keep(ctx, batch)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range batch {
		if i < len(out) && out[i].Err == nil {
			l.got = append(l.got, string(batch[i].Data))
			out[i].At = broker.Position{Epoch: "e", Offset: uint64(len(l.got))}
		}
	}
	return out
}

// do sets how it keeps.
func (l *keepLink) do(keep func(context.Context, []broker.Kept) []broker.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep = keep
}

// fail has all fail with an error, wrapped.
func (l *keepLink) fail(with error) {
	l.do(func(_ context.Context, batch []broker.Kept) []broker.Outcome {
		out := make([]broker.Outcome, len(batch))
		for i := range out {
			out[i].Err = fmt.Errorf("not now: %w", with)
		}
		return out
	})
}

func (l *keepLink) kept() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.got, " ")
}

// toKeep is messages of these texts; told is told what becomes of each.
func toKeep(told *[]string, texts ...string) (all []ToKeep) {
	for _, text := range texts {
		all = append(all, ToKeep{
			Kept:  broker.Kept{Outgoing: broker.Outgoing{Channel: "r.a", Data: []byte(text)}},
			Event: text,
			Done: func(o broker.Outcome) {
				switch {
				case o.Err == nil:
					*told = append(*told, text)
				case errors.Is(o.Err, broker.ErrUnsure):
					*told = append(*told, text+"?")
				default:
					*told = append(*told, text+"!")
				}
			},
		})
	}
	return all
}

// inKeeps runs a check in a bubble, with a queue whose link is up.
func inKeeps(t *testing.T, o KeepsOptions, check func(q *Keeps, l *keepLink, told, failed *[]string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var told, failed []string
		o.Failed = func(event string, err error) {
			if err == nil {
				t.Error("no error")
			}
			failed = append(failed, event)
		}
		l := &keepLink{}
		q := NewKeeps(l, o)
		q.Up()
		check(q, l, &told, &failed)
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := q.Put(toKeep(&told, "late"), false); !errors.Is(err, broker.ErrUnavailable) {
			t.Error("behind Close:", err)
		}
	})
}

// TestKeepsInOrder: what is put there is kept in order, and each is told once.
func TestKeepsInOrder(t *testing.T) {
	inKeeps(t, KeepsOptions{Messages: 10_000, Bytes: 1 << 20}, func(q *Keeps, l *keepLink, told, failed *[]string) {
		all := make(chan struct{})
		l.do(func(_ context.Context, batch []broker.Kept) []broker.Outcome {
			<-all
			return make([]broker.Outcome, len(batch))
		})
		var want []string
		for i := range 1000 {
			want = append(want, fmt.Sprint(i))
			if err := q.Put(toKeep(told, want[i]), false); err != nil {
				t.Error(err)
			}
		}
		close(all)
		synctest.Wait()
		if got := l.kept(); got != strings.Join(want, " ") || !slices.Equal(*told, want) || len(*failed) > 0 {
			t.Errorf("%s, %v, %v", got, *told, *failed)
		}
		if n := q.Numbers(); n != (KeptNumbers{Kept: 1000}) || l.calls > 10 {
			t.Errorf("%+v, in %d calls", n, l.calls)
		}
	})
}

// TestKeepsBounds: what finds no room is refused at once, all of it, but for what goes
// on with something that was taken.
func TestKeepsBounds(t *testing.T) {
	inKeeps(t, KeepsOptions{Messages: 3, Bytes: 100}, func(q *Keeps, l *keepLink, told, failed *[]string) {
		l.fail(broker.ErrDown)
		for _, c := range []struct {
			texts  []string
			goesOn bool
			taken  bool
		}{
			{[]string{"1", "2"}, false, true},
			{[]string{"3", "4"}, false, false},
			{[]string{string(someBytes(99))}, false, false},
			{[]string{"5"}, false, true},
			{[]string{"6"}, false, false},
			{[]string{"7", "8"}, true, true},
		} {
			if err := q.Put(toKeep(told, c.texts...), c.goesOn); (err == nil) != c.taken || err != nil && !errors.Is(err, broker.ErrUnavailable) {
				t.Errorf("%.10q: %v", c.texts, err)
			}
		}
		synctest.Wait()
		l.do(nil)
		q.Up()
		time.Sleep(time.Second)
		if got := l.kept(); got != "1 2 5 7 8" {
			t.Error(got)
		}
		if n := q.Numbers(); n.Failed != 4 || n.Kept != 5 || len(*failed) != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// TestKeepsOutage: what is there when the link breaks waits for a while. A second later
// nothing more is taken.
func TestKeepsOutage(t *testing.T) {
	inKeeps(t, KeepsOptions{Messages: 100, Bytes: 1 << 20, Age: 5 * time.Second}, func(q *Keeps, l *keepLink, told, failed *[]string) {
		put := func(text string, taken bool) {
			t.Helper()
			if err := q.Put(toKeep(told, text), false); (err == nil) != taken {
				t.Errorf("%s: %v", text, err)
			}
		}
		l.fail(broker.ErrDown)
		q.Down()
		put("1", true)
		time.Sleep(900 * time.Millisecond)
		put("2", true)
		time.Sleep(200 * time.Millisecond)
		put("3", false)
		l.do(nil)
		q.Up()
		synctest.Wait()
		put("4", true)
		synctest.Wait()
		if got := l.kept(); got != "1 2 4" {
			t.Error(got)
		}
		l.fail(broker.ErrUnavailable) // the link is up, and a leader is missing
		put("5", true)
		time.Sleep(4 * time.Second)
		put("6", true)
		time.Sleep(1500 * time.Millisecond)
		l.do(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if want := []string{"1", "2", "4", "5!", "6"}; !slices.Equal(*told, want) || !slices.Equal(*failed, []string{"5"}) {
			t.Errorf("%v, %v", *told, *failed)
		}
	})
}

// TestKeepsOutcomes: what is perhaps kept is not tried again, and neither is what is
// certainly not if something behind it was kept: they would change their order.
func TestKeepsOutcomes(t *testing.T) {
	inKeeps(t, KeepsOptions{Messages: 100, Bytes: 1 << 20}, func(q *Keeps, l *keepLink, told, failed *[]string) {
		first := true
		l.do(func(_ context.Context, batch []broker.Kept) []broker.Outcome {
			out := make([]broker.Outcome, len(batch))
			if first {
				first = false
				for i, err := range []error{nil, broker.ErrUnavailable, broker.ErrUnsure, broker.ErrTooLarge, nil, broker.ErrUnavailable, broker.ErrDown} {
					out[i].Err = err
				}
				out[4].Duplicate = true
			}
			return out
		})
		if err := q.Put(toKeep(told, "1", "2", "3", "4", "5", "6", "7"), false); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if want := []string{"1", "2!", "3?", "4!", "5", "6", "7"}; !slices.Equal(*told, want) {
			t.Errorf("%v, want %v", *told, want)
		}
		if n := q.Numbers(); n != (KeptNumbers{Kept: 3, Duplicates: 1, Failed: 3}) {
			t.Errorf("%+v", n)
		}
		l.do(func(context.Context, []broker.Kept) []broker.Outcome { return nil }) // which no Keeper does
		_ = q.Put(toKeep(told, "8"), false)
		time.Sleep(time.Second)
		synctest.Wait()
		if last := (*told)[len(*told)-1]; last != "8?" {
			t.Error(last)
		}
	})
}

// TestKeepsClose: Close hands over what waits, and gives up the rest when its time is
// over; each is told.
func TestKeepsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		l := &keepLink{}
		l.do(func(ctx context.Context, batch []broker.Kept) []broker.Outcome {
			<-ctx.Done()
			return []broker.Outcome{{Err: broker.ErrUnsure}}
		})
		q := NewKeeps(l, KeepsOptions{Messages: 10, Bytes: 100})
		q.Up()
		if err := q.Put(toKeep(&told, "1"), false); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		_ = q.Put(toKeep(&told, "2"), false)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if want := []string{"1?", "2!"}; !slices.Equal(told, want) {
			t.Errorf("%v", told)
		}
		if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("again:", err)
		}
	})
}
