package wstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/kit"
)

// To is whom a push is for, as ws.Target and ws.Push address it. The zero To is
// nobody.
type To struct {
	Everyone bool
	Rooms    []string
	Users    []string
	Conns    []ws.ConnID
	Except   []ws.ConnID
	Key      string      // of Coalesce; "" is none
	Overflow ws.Overflow // 0: the gateway's
}

// All is everyone: ws.Push.All, Server.Broadcast.
func All() To { return To{Everyone: true} }

// Room is the members of rooms: ws.Push.In, Server.EmitTo.
func Room(names ...string) To { return To{Rooms: names} }

// User is all connections of principals: ws.Push.Users.
func User(ids ...string) To { return To{Users: ids} }

// Only is connections by their ids: ws.Push.Conn, ws.Push.Client, Server.Emit.
func Only(ids ...ws.ConnID) To { return To{Conns: ids} }

// Without is to, less these connections.
func (to To) Without(ids ...ws.ConnID) To {
	to.Except = append(slices.Clip(to.Except), ids...)
	return to
}

// Coalesced is to, with a key.
func (to To) Coalesced(key string) To {
	to.Key = key
	return to
}

// String says it in words.
func (to To) String() string {
	var parts []string
	add := func(some bool, format string, v any) {
		if some {
			parts = append(parts, fmt.Sprintf(format, v))
		}
	}
	add(to.Everyone, "everyone%s", "")
	add(len(to.Rooms) > 0, "rooms %q", to.Rooms)
	add(len(to.Users) > 0, "users %q", to.Users)
	add(len(to.Conns) > 0, "connections %v", to.Conns)
	add(len(parts) == 0, "nobody%s", "")
	add(len(to.Except) > 0, "but %v", to.Except)
	add(to.Key != "", "coalesced by %q", to.Key)
	add(to.Overflow != 0, "overflow %v", to.Overflow)
	return strings.Join(parts, ", ")
}

// Pushed is one push.
type Pushed struct {
	To    To
	Event string
	// Data is what the event has. Of a push that was recorded it is a
	// json.RawMessage; where a test says what it wants, anything that has JSON.
	Data any
}

// Into decodes the data of a push that was recorded, by encoding/json.
func (p Pushed) Into(v any) error {
	data, recorded := p.Data.(json.RawMessage)
	if !recorded {
		return fmt.Errorf("wstest: this push of %q was not recorded", p.Event)
	}
	return json.Unmarshal(data, v)
}

// String is how a failure shows the push.
func (p Pushed) String() string {
	text, err := encode(p.Data)
	if err != nil {
		text = fmt.Sprint(p.Data)
	}
	return fmt.Sprintf("%s: %s %s", p.To, p.Event, cut(text))
}

// Record is what was pushed on a Server of its own, on which nobody is but who
// is put there by On. All methods are safe for concurrent use.
type Record struct {
	server *ws.Server

	mu     sync.Mutex // guards pushed and seen
	pushed []Pushed
	seen   int // so many of them Expect has had
}

// NewRecord returns a Record, for services that push by a *ws.Server.
func NewRecord() *Record {
	r := &Record{server: ws.NewServer(ws.Options{})}
	ws.RecordPushes(r.server, r.add)
	return r
}

func (r *Record) add(p kit.Push) {
	f, _, _ := split(p.Frame)
	m := parse(f.Payload)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pushed = append(r.pushed, Pushed{
		To: To{
			Everyone: p.All, Rooms: slices.Clone(p.Rooms), Users: slices.Clone(p.Users),
			Conns: ids(p.IDs), Except: ids(p.Except), Key: p.Key, Overflow: ws.Overflow(p.Overflow),
		},
		Event: m.Event,
		Data:  m.Data,
	})
}

func ids(of []uint64) (all []ws.ConnID) {
	for _, id := range of {
		all = append(all, ws.ConnID(id))
	}
	return all
}

// Server returns the Server whose pushes are recorded: Broadcast, Emit, EmitTo,
// and what its Targets and any ws.Push on it emit. What a Client sends to itself
// is Client.Events.
func (r *Record) Server() *ws.Server { return r.server }

// Pushed returns all pushes, the first one first.
func (r *Record) Pushed() []Pushed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.pushed)
}

// Expect fails the test unless these are the pushes that were made since it was
// called last, in this order, each with the same target, event and JSON. Without
// pushes to expect there must be none.
func (r *Record) Expect(t testing.TB, want ...Pushed) {
	t.Helper()
	r.mu.Lock()
	got := slices.Clone(r.pushed[r.seen:])
	r.seen = len(r.pushed)
	r.mu.Unlock()
	if !slices.EqualFunc(got, want, func(a, b Pushed) bool { return a.String() == b.String() && same(a.Data, b.Data) }) {
		t.Errorf("wstest: pushed was%s\nwant%s", list(got), list(want))
	}
}

// same reports whether two values have the same JSON, to the byte.
func same(a, b any) bool {
	x, err := encode(a)
	y, bad := encode(b)
	return x == y && err == nil && bad == nil
}

func list(all []Pushed) string {
	if len(all) == 0 {
		return "\n\tnothing"
	}
	var out strings.Builder
	for _, p := range all {
		out.WriteString("\n\t" + p.String())
	}
	return out.String()
}

// Push is a ws.Push whose calls are recorded: Push.Push goes where a ws.Push is
// wanted.
type Push[E any] struct {
	ws.Push[E]
	*Record
}

// NewPush returns a Push of what bind makes of a Server, which is the function
// that wsgen generates for an interface marked //ws:push, or one that calls it:
//
//	push := wstest.NewPush(chat.NewEventsPush)
//	room := &chat.Room{Push: push.Push}
//
// It encodes as in production, and reaches nobody, so that a method that returns
// how many were reached returns 0.
func NewPush[E any](bind func(*ws.Server) ws.Push[E]) *Push[E] {
	r := NewRecord()
	return &Push[E]{bind(r.server), r}
}
