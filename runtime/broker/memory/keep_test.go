package memory_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/memory"
)

var chat = broker.Log{Name: "chat.Events", Size: 3, TTL: time.Minute}

// keep keeps a text, and returns what became of it.
func keep(t *testing.T, l broker.Link, text, key string) broker.Outcome {
	t.Helper()
	k := broker.Kept{Outgoing: broker.Outgoing{Channel: "r.a", Data: []byte(text)}, Log: chat, Key: key}
	return l.(broker.Keeper).Keep(t.Context(), []broker.Kept{k})[0]
}

// read returns what there is after a position, in words.
func read(t *testing.T, l broker.Link, after broker.Position) string {
	t.Helper()
	page, err := l.(broker.Keeper).Read(t.Context(), chat, "r.a", after, 100)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	fmt.Fprintf(&said, "%v", page.Complete)
	for _, d := range page.Entries {
		fmt.Fprintf(&said, " %d>%d:%s", d.Prev, d.At.Offset, d.Data)
	}
	return said.String()
}

// TestKept: in a bubble of fake time messages live as long as their log says, and
// keys for as long as the seam does. A Broker that is emptied begins another epoch,
// and one that lost its newest messages gives no offset twice.
func TestKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, e := memory.New(), &ear{}
		l, _ := b.Open("main", e)
		defer func() { _ = l.Close(t.Context()) }()
		_ = l.Subscribe(t.Context(), []string{"r.a"})
		first := keep(t, l, "1", "k").At
		start := broker.Position{Epoch: first.Epoch}
		expect := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s; want %s", what, got, want)
			}
		}
		if again := keep(t, l, "1", "k"); !again.Duplicate || again.At != first {
			t.Errorf("again: %+v", again)
		}
		time.Sleep(30 * time.Second)
		keep(t, l, "2", "")
		expect("all", read(t, l, start), "true 0>1:1 1>2:2")
		time.Sleep(30 * time.Second)
		expect("the first has aged out", read(t, l, start), "false 1>2:2")
		expect("behind the first", read(t, l, first), "true 1>2:2")
		time.Sleep(time.Hour)
		if again := keep(t, l, "3", "k"); again.Duplicate || again.At.Offset != 3 {
			t.Errorf("with a key whose time is over: %+v", again)
		}
		restore := b.Save()
		keep(t, l, "4", "")
		keep(t, l, "5", "")
		restore()
		synctest.Wait()
		expect("behind the third, when two are lost", read(t, l, broker.Position{Epoch: first.Epoch, Offset: 3}), "true")
		if at := keep(t, l, "6", "").At; at.Offset != 6 || at.Epoch != first.Epoch {
			t.Errorf("behind what was lost: %+v", at)
		}
		expect("behind the fifth, which is lost", read(t, l, broker.Position{Epoch: first.Epoch, Offset: 5}), "true 3>6:6")
		b.Empty()
		expect("another epoch", read(t, l, first), "false")
		if at := keep(t, l, "7", "k").At; at.Epoch == first.Epoch || at.Offset != 1 {
			t.Errorf("behind Empty: %+v", at)
		}
		synctest.Wait()
		var heard []string
		for _, word := range e.heard() {
			if word != "up" && word != "down: memory: the engine has lost its newest messages" {
				heard = append(heard, word)
			}
		}
		if want := []string{"r.a: 1", "r.a: 2", "r.a: 3", "r.a: 4", "r.a: 5", "r.a: 6", "r.a: 7"}; !slices.Equal(heard, want) {
			t.Errorf("heard: %q", heard)
		}
		b.Stop()
		if got := keep(t, l, "8", ""); !errors.Is(got.Err, broker.ErrUnavailable) {
			t.Errorf("while the engine is stopped: %+v", got)
		}
	})
}
