package ws

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/presence"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// Present is who is in a room, as those who are there are told. The first one that a
// client gets after Presence.Join is Full: it has all people. Each that follows has
// who has come, or says something else now, and who has left. Applied one after the
// other they are the list.
type Present[M any] struct {
	Room   string      `json:"room,omitempty"`   // only if the directive has room=true
	Full   bool        `json:"full,omitempty"`   // all of them: forget what you knew
	Joined []Person[M] `json:"joined,omitempty"` // who takes the place of the person with the same Key, if there is one
	Left   []string    `json:"left,omitempty"`   // keys
	// Count is how many people there are after this. If there are more than the
	// directive's max, it is all that is told.
	Count int `json:"count"`
	// Stale says, of what Presence.In returns, that this node does not hear the others
	// at the moment: what is known of them may have changed.
	Stale bool `json:"-"`
}

// Person is somebody in a room, by however many connections.
type Person[M any] struct {
	Key string `json:"key"` // Principal.ID, or the ConnID as text of who has none
	// Metas has one M for each connection, in the order of their ids: at least one, and
	// at most the first 64.
	Metas []M `json:"metas"`
}

// PresenceSpec is what a directive //ws:presence says. Generated code makes one.
type PresenceSpec struct {
	Name   string        // of the package and interface, "chat.Events": the same on all nodes
	Event  string        // by which it is sent
	Linger time.Duration // how long somebody is shown who has left; 0: not at all. The directive's default is 2 s
	Max    int           // of more people only the number is told, once a second at most; 0: any number
	Room   bool          // Present.Room is sent
}

// Presence says who is in rooms. A connection that has joined one by it is seen by
// all others that have, on all nodes, and gets what they get: first a Present with all
// people, and then each change.
//
// A person may have several connections, with one M for each, and comes with the first
// and leaves with the last of them: a page that is loaded anew, also if it comes to
// another node, has never left, if that takes no longer than linger. A session that has
// lost its socket (docs/reference/protocol.md, "Sessions") is there until it is over.
//
// Changes within 50 ms are told together. What is told of a connection whose outbox is
// full is never lost: the client gets the whole list again when there is room.
//
// On many nodes each knows of the connections of the others what they tell, within
// milliseconds. People of a node that dies are gone within 8 s or so, and nobody is for
// an outage of the engine.
//
// A Presence is a value, and all methods are safe for concurrent use. None waits but
// Ask. The zero Presence, and one of no Server or the zero Server, has nobody: it may
// stand in for one in a test.
type Presence[M any] struct {
	kind  *presenceKind // nil: there is no Server
	write func(*wsjson.Writer, M)
	read  func(*wsjson.Reader) M
}

// NewPresence returns the Presence of a directive //ws:presence, with the functions that
// wsgen generated for M; nil: encoding/json writes and reads it. Generated code calls it.
// Of two with one name on a Server the first says how it is.
func NewPresence[M any](s *Server, spec PresenceSpec, write func(*wsjson.Writer, M), read func(*wsjson.Reader) M) Presence[M] {
	p := Presence[M]{write: write, read: read}
	if s.made() {
		p.kind = s.presences().declare(spec)
	}
	return p
}

// Errors of a Presence. A handler may return what has them as a cause.
var (
	// ErrPresenceSize says that what is told of a connection has more than 1024 bytes
	// as JSON, or that the id of its principal has.
	ErrPresenceSize = errors.New("ws: what is told of somebody in a room is too long")
	// ErrNotPresent says that the connection is not seen in the room: Presence.Join
	// comes before Presence.Set.
	ErrNotPresent = errors.New("ws: the connection is not present in the room")
)

var errPresentElsewhere = errors.New("ws: the connection is one of another Server than the Presence")

// Join has the connection join a room, as Client.Join does, and be seen there with
// what meta says: a value whose JSON has at most 1024 bytes. It gets who is there, and
// from then on each change, until it leaves the room (Client.Leave), or is gone. If it
// is seen there already it says meta from now on, and gets the whole list again.
//
// It fails as Client.Join does, if meta is too long (ErrPresenceSize), and if it has no
// JSON; then nothing is joined.
func (p Presence[M]) Join(c *Client, room string, meta M) error {
	if p.kind == nil {
		return c.Join(room) // a stand-in of a test's
	}
	e, err := p.entry(c, meta)
	if err != nil {
		return err
	}
	if err := c.checkRooms([]string{room}); err != nil {
		return err
	}
	var sent []Sent
	err = p.kind.of.server.hub.Attend(&c.member, c.owner().limits().MaxRooms, room, func() { sent = p.kind.enter(&c.member, room, e) })
	p.kind.tellSent(sent)
	return c.joinError(err)
}

// Set changes what is told of the connection in a room. It fails as Join does, and
// with ErrNotPresent.
func (p Presence[M]) Set(c *Client, room string, meta M) error {
	if p.kind == nil {
		return nil
	}
	e, err := p.entry(c, meta)
	if err != nil {
		return err
	}
	if !p.kind.set(&c.member, room, e) {
		return NewError(CodeConflict, "not present in the room").WithCause(ErrNotPresent)
	}
	return nil
}

// Leave ends that the connection is seen in a room. It stays there, and still gets who
// else comes and goes. Client.Leave ends both.
func (p Presence[M]) Leave(c *Client, room string) {
	if p.kind != nil && c.owner() != nil {
		p.kind.unset(&c.member, room)
	}
}

// In returns who is in a room, by Key, as far as this node knows, at once and whatever
// Max is. It knows nobody in a room that none of its connections has joined by this
// Presence: Ask asks the others. After a Join as the first one of this node it is some
// milliseconds until it knows of the others.
func (p Presence[M]) In(room string) Present[M] {
	if p.kind == nil {
		return Present[M]{Full: true}
	}
	people, stale := p.kind.in(room)
	all := Present[M]{Full: true, Joined: p.people(people), Count: len(people), Stale: stale}
	if p.kind.spec.Room {
		all.Room = room
	}
	return all
}

// Ask asks all nodes who is in a room, and waits as Target.Across does. It returns at
// most limit people, 100 000 at most, by Key, and is for rooms in which no connection of
// this node is: a worker's, or a list of rooms. Who lingers is not among them.
func (p Presence[M]) Ask(ctx context.Context, room string, limit int) Answer[Person[M]] {
	if p.kind == nil {
		return Answer[Person[M]]{}
	}
	people, more, missing := p.kind.ask(ctx, room, min(max(limit, 0), maxMembers))
	return Answer[Person[M]]{Items: p.people(people), More: more, Missing: missing}
}

// entry returns what is told of a connection.
func (p Presence[M]) entry(c *Client, meta M) (presence.Entry, error) {
	switch {
	case c.owner() == nil:
		return presence.Entry{}, ErrClosed
	case c.Server() != p.kind.of.server:
		return presence.Entry{}, errPresentElsewhere
	}
	text, err := p.encode(meta)
	if err != nil {
		return presence.Entry{}, err
	}
	key := c.identity.userID()
	if key == "" {
		key = c.ID().String()
	}
	if len(text) > presence.MaxMeta || len(key) > presence.MaxKey {
		return presence.Entry{}, NewError(CodeTooLarge, "what is told of somebody in a room has at most 1024 bytes").WithCause(ErrPresenceSize)
	}
	return presence.Entry{Conn: uint64(c.ID()), Key: key, Meta: text}, nil
}

// encode returns the JSON of what is told of a connection.
func (p Presence[M]) encode(meta M) (string, error) {
	if p.write != nil {
		w := presenceWriters.Get().(*wsjson.Writer)
		w.Reset(w.AvailableBuffer())
		p.write(w, meta)
		text, valid := string(w.Bytes()), w.Valid()
		w.Release()
		presenceWriters.Put(w)
		if valid && utf8.ValidString(text) {
			return text, nil
		}
	}
	text, err := encodeMeta(&meta)
	if err == nil && !utf8.Valid(text) {
		err = errNotUTF8
	}
	return string(text), err
}

// people decodes what is told of people. What is no M, since another release has told
// it, is left out, and so is who has nothing else.
func (p Presence[M]) people(all []presence.Person) []Person[M] {
	if len(all) == 0 {
		return nil
	}
	r := presenceReaders.Get().(*wsjson.Reader)
	defer presenceReaders.Put(r)
	defer r.Release()
	out := make([]Person[M], 0, len(all))
	for _, x := range all {
		person := Person[M]{Key: x.Key, Metas: make([]M, 0, len(x.Metas))}
		for _, text := range x.Metas {
			if meta, ok := p.decode(r, text); ok {
				person.Metas = append(person.Metas, meta)
			}
		}
		if len(person.Metas) > 0 {
			out = append(out, person)
		}
	}
	return slices.Clip(out)
}

// decode reads what is told of a connection.
func (p Presence[M]) decode(r *wsjson.Reader, text string) (M, bool) {
	if p.read != nil {
		r.ResetUTF8([]byte(text))
		if meta := p.read(r); r.Plain() {
			return meta, true
		}
	}
	var meta M
	err := decodeMeta([]byte(text), &meta)
	return meta, err == nil
}
