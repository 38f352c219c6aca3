package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Told is what a writer was told of a kept push. A process says it on its output at
// once, so that it is known also of one that is killed.
type Told struct {
	Text string
	At   string // where it is kept, in the history of the last room that it went to; "": is not known to be
	Not  bool   // it is certainly not kept
}

// toldWord begins the line that has a Told.
const toldWord = "kept "

// ReadTold reads a line of a process's output.
func ReadTold(line string) (t Told, ok bool) {
	if len(line) < len(toldWord) || line[:len(toldWord)] != toldWord {
		return t, false
	}
	return t, json.Unmarshal([]byte(line[len(toldWord):]), &t) == nil
}

// scribe pushes what is kept.
type scribe struct {
	w    *worker
	push ws.Push[Records]
	rate atomic.Int64 // in a second

	mu   sync.Mutex
	last map[string]uint64 // guarded by mu; by stream
}

func newScribe(w *worker, push ws.Push[Records]) *scribe {
	s := &scribe{w: w, push: push, last: make(map[string]uint64)}
	s.rate.Store(int64(w.config.Kept))
	return s
}

// begin pushes, all the time: half of it waits until it is known to be kept.
func (s *scribe) begin() {
	half := func() int { return int(s.rate.Load()+1) / 2 }
	s.w.runs.Go(func() {
		k := 0
		s.w.every(half, func() {
			k++
			switch k % 8 {
			case 0, 4:
				s.keep(KeptUnion, k/4)
			case 2:
				s.keep(KeptUser, k/8)
			default:
				s.keep(KeptRoom, k)
			}
		})
	})
	s.w.runs.Go(func() {
		t := newThread(s.w)
		defer t.close()
		k := 0
		s.w.every(half, func() {
			k++
			s.hurry(t, KeptAsync, k, "")
		})
	})
	if s.w.config.Torrent > 0 {
		s.w.runs.Go(s.flood)
	}
}

// flood pushes more than who is slow can read, so that it is behind.
func (s *scribe) flood() {
	t := newThread(s.w)
	defer t.close()
	long := Pad + strings.Repeat("x", 16<<10)
	s.w.every(func() int {
		if s.rate.Load() == 0 {
			return 0
		}
		return s.w.config.Torrent
	}, func() { s.hurry(t, KeptFlood, 0, long) })
}

// next returns the next push of a stream.
func (s *scribe) next(kind Kind, i int) (line Line, to []string) {
	switch kind {
	case KeptUser:
		i %= KeptUsers
	case KeptFlood:
		i = 0
	default:
		i %= KeptRooms
	}
	stream := Stream(kind, i)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[stream]++
	return Line{s.w.id, uint64(time.Now().UnixMilli()), stream, s.last[stream]}, KeptTo(stream)
}

// to returns the receivers of a stream's pushes.
func (s *scribe) to(push ws.Push[Records], rooms []string) Records {
	if len(rooms) == 1 && rooms[0][:1] == Mine {
		return push.Users(rooms[0][1:])
	}
	return push.In(rooms...)
}

// tell says what became of a push.
func (s *scribe) tell(t Told) {
	text, _ := json.Marshal(t) // strings always encode
	fmt.Fprintf(os.Stdout, "%s%s\n", toldWord, text)
}

// hurry pushes, and waits for nothing.
func (s *scribe) hurry(t *thread, kind Kind, k int, pad string) {
	line, rooms := s.next(kind, k)
	text := line.String()
	var err error
	t.yardstick()
	t.measure("kept push", func() { err = s.to(s.push, rooms).K(text + pad) })
	s.tell(Told{Text: text, Not: err != nil})
}

// How long a push is tried again of which nobody knows whether it is kept, and how
// long each try may take. Keys are known for two minutes, and a push that waits for its
// engine for 5 s is given up.
const (
	tryFor  = 20 * time.Second
	tryEach = 7 * time.Second
	tryWait = 100 * time.Millisecond
)

// keep pushes with a key, again while nobody knows what became of it.
func (s *scribe) keep(kind Kind, i int) {
	line, rooms := s.next(kind, i)
	s.tell(s.try(line.String(), rooms, false))
}

// try pushes until it is known whether that is kept or, if it must, until it is.
func (s *scribe) try(text string, rooms []string, must bool) Told {
	told := Told{Text: text, Not: true}
	for limit := time.Now().Add(tryFor); ; {
		var r ws.Reached
		ctx, cancel := context.WithTimeout(context.Background(), tryEach)
		err := s.to(s.push.Key(text).Across(ctx, &r), rooms).K(text)
		cancel()
		switch {
		case err == nil:
			return Told{Text: text, At: fmt.Sprintf("%s.%d", r.At.Epoch, r.At.Offset)}
		case !errors.Is(err, ws.ErrUnavailable):
			told.Not = false
		case told.Not && !must:
			return told
		}
		if time.Now().After(limit) {
			return told
		}
		select {
		case <-s.w.ends:
			return told
		case <-time.After(tryWait):
		}
	}
}

// finish pushes for the last time, to each room and user, and returns where these are
// kept, which is the end of each history.
func (s *scribe) finish() (ends map[string]string, err error) {
	var mu sync.Mutex
	ends = make(map[string]string)
	var all sync.WaitGroup
	last := func(kind Kind, i int) {
		all.Go(func() {
			line, rooms := s.next(kind, i)
			told := s.try(line.String(), rooms, true)
			s.tell(told)
			mu.Lock()
			defer mu.Unlock()
			if told.At == "" {
				err = fmt.Errorf("in %v nothing could be kept in %v", rooms, tryFor)
			}
			ends[rooms[0]] = told.At
		})
	}
	for i := range KeptRooms {
		last(KeptRoom, i)
	}
	for i := range KeptUsers {
		last(KeptUser, i)
	}
	last(KeptFlood, 0)
	all.Wait()
	return ends, err
}
