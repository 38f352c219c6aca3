package chat

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	ws "github.com/wsgen/wsgen/runtime"
)

const (
	mostName  = 32 // characters of a name
	mostNamed = 50 // people whom a push names; it counts the others
)

// Hello is how a client introduces itself.
type Hello struct {
	Name string `json:"name"`
}

// Validate implements the interface that wsgen looks for.
func (h Hello) Validate() error {
	refused := ws.NewError(ws.CodeValidationFailed, "this is no name to be called by")
	switch {
	case strings.TrimSpace(h.Name) == "":
		return refused.WithDetails(ws.Detail{Path: "/name", Rule: "required"})
	case utf8.RuneCountInString(h.Name) > mostName:
		return refused.WithDetails(ws.Detail{Path: "/name", Rule: "max", Param: "32"})
	case strings.ContainsFunc(h.Name, unicode.IsControl):
		return refused.WithDetails(ws.Detail{Path: "/name", Rule: "printable"})
	}
	return nil
}

// Person is a connection that introduced itself: a name of its own choice, and the user that its token
// names; "" is a guest.
type Person struct {
	Name string `json:"name"`
	User string `json:"user,omitempty"`
}

// Here is everybody who introduced themselves, in the order in which they came; those of other nodes
// behind those of the receiver's.
type Here struct {
	Count  int      `json:"count"`
	People []Person `json:"people"` // the first 50
}

// Present is the same for one room.
type Present struct {
	Room   string   `json:"room"`
	Count  int      `json:"count"`
	People []Person `json:"people"`
}

// Presence are the pushes to connections that introduced themselves. Others get none of them.
//
//ws:push
type Presence interface {
	// Here tells who is connected, whenever that changes.
	Here(h Here)
	// Present tells who is in a room of the receiver's, whenever that changes.
	Present(p Present)
	// Heartbeat is the push that the scheduled job broadcasts. A new connection gets one at once, and
	// does not wait for the next.
	Heartbeat(at string) (int, error)
}

// Roster knows who introduced themselves and which rooms they are in, and tells them of each other. Of
// other nodes it knows what they say of theirs, and tells its own people of those, too.
// It holds its lock over the pushes, which never wait for a peer, so that the last push which
// everybody hears is true. Safe for concurrent use.
type Roster struct {
	push    ws.Push[Presence]
	changed chan struct{} // has one when own people have changed

	mu     sync.Mutex
	here   group              // guarded by mu
	rooms  map[string]group   // guarded by mu
	others map[ws.NodeID]Part // guarded by mu
}

// group are people in the order in which they came.
type group []present

type present struct {
	conn   ws.ConnID
	person Person
}

// NewRoster returns a roster without anybody.
func NewRoster(push ws.Push[Presence]) *Roster {
	return &Roster{push: push, changed: make(chan struct{}, 1), rooms: map[string]group{}, others: map[ws.NodeID]Part{}}
}

// Enter introduces a connection, or renames it, here and in its rooms.
func (r *Roster) Enter(conn ws.ConnID, p Person, rooms []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.here = r.here.with(conn, p)
	r.tellHere()
	for _, room := range rooms {
		r.rooms[room] = r.rooms[room].with(conn, p)
		r.tellRoom(room)
	}
}

// Join tells a room that a connection came, if that has introduced itself.
func (r *Roster) Join(conn ws.ConnID, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.here.index(conn)
	if at < 0 || r.rooms[room].index(conn) >= 0 {
		return
	}
	r.rooms[room] = r.rooms[room].with(conn, r.here[at].person)
	r.tellRoom(room)
}

// Leave tells a room that somebody went.
func (r *Roster) Leave(conn ws.ConnID, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(conn, room)
}

// Exit takes a connection out of everything.
func (r *Roster) Exit(conn ws.ConnID, rooms []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.here.index(conn)
	if at < 0 {
		return
	}
	r.here = slices.Delete(r.here, at, at+1)
	r.tellHere()
	for _, room := range rooms {
		r.leave(conn, room)
	}
}

// leave is Leave for callers that hold mu.
func (r *Roster) leave(conn ws.ConnID, room string) {
	members := r.rooms[room]
	at := members.index(conn)
	if at < 0 {
		return
	}
	if members = slices.Delete(members, at, at+1); len(members) == 0 {
		delete(r.rooms, room)
		r.mark()
		return
	}
	r.rooms[room] = members
	r.tellRoom(room)
}

// tellHere and tellRoom push the state as it is now. In the outbox of a slow reader it replaces the one
// before, which is of no use any more.
func (r *Roster) tellHere() {
	r.mark()
	if len(r.here) == 0 {
		return
	}
	count, people := len(r.here), r.here.people()
	for _, p := range r.parts() {
		count, people = count+p.Here.Count, append(people, p.Here.People...)
	}
	r.push.Coalesce("here").Conn(r.here.conns()...).Here(Here{count, named(people)})
}

func (r *Roster) tellRoom(room string) {
	r.mark()
	members := r.rooms[room]
	count, people := len(members), members.people()
	for _, p := range r.parts() {
		there := p.Rooms[room]
		count, people = count+there.Count, append(people, there.People...)
	}
	r.push.Coalesce("present " + room).Conn(members.conns()...).Present(Present{room, count, named(people)})
}

func named(people []Person) []Person { return people[:min(len(people), mostNamed)] }

func (g group) index(conn ws.ConnID) int {
	return slices.IndexFunc(g, func(p present) bool { return p.conn == conn })
}

// with adds a connection, or renames it where it stands.
func (g group) with(conn ws.ConnID, p Person) group {
	if at := g.index(conn); at >= 0 {
		g[at].person = p
		return g
	}
	return append(g, present{conn, p})
}

func (g group) conns() []ws.ConnID {
	ids := make([]ws.ConnID, len(g))
	for i, p := range g {
		ids[i] = p.conn
	}
	return ids
}

func (g group) people() []Person {
	named := make([]Person, min(len(g), mostNamed))
	for i := range named {
		named[i] = g[i].person
	}
	return named
}
