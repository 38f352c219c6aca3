package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// card is what is told of a connection in these tests.
type card struct {
	Name string `json:"name"`
	Away bool   `json:"away,omitempty"`
}

// writeCard and readCard stand for what wsgen generates.
func writeCard(w *wsjson.Writer, c card) {
	w.Lit(`{"name":`)
	wsjson.WriteString(w, c.Name)
	if c.Away {
		w.Lit(`,"away":`)
		wsjson.WriteBool(w, c.Away)
	}
	w.End()
}

func readCard(r *wsjson.Reader) (c card) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "name":
			wsjson.ReadString(r, &c.Name)
		case "away":
			wsjson.ReadBool(r, &c.Away)
		default:
			r.Odd()
		}
	}
	return c
}

// house is a gateway whose clients see each other in rooms. here is set before the
// first comes.
type house struct{ here ws.Presence[card] }

func (h *house) gateway(clients chan<- *ws.Client) gateway {
	type what struct {
		Room string
		Card card
	}
	on := func(do func(c *ws.Client, w what) error) handler {
		return inline(func(c *ws.Call) error {
			var w what
			if err := c.Decode(&w); err != nil {
				return err
			}
			return do(c.Client(), w)
		})
	}
	g := lobby(clients)
	g.connGuards = []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
		u.Principal = ws.Principal{ID: u.Token}
		return nil
	})}
	g.on["enter"] = on(func(c *ws.Client, w what) error { return h.here.Join(c, w.Room, w.Card) })
	g.on["set"] = on(func(c *ws.Client, w what) error { return h.here.Set(c, w.Room, w.Card) })
	g.on["hide"] = on(func(c *ws.Client, w what) error { h.here.Leave(c, w.Room); return nil })
	g.on["quit"] = on(func(c *ws.Client, w what) error { c.Leave(w.Room); return nil })
	return g
}

// viewer is a client that keeps the list which it is told.
type viewer struct {
	*peer
	people map[string][]card
	count  int
	heard  int // frames
	last   string
	said   int
}

// hear reads a frame, and returns it if it is another one.
func (v *viewer) hear() string {
	v.t.Helper()
	text := v.next()
	var m struct {
		Event string
		Data  ws.Present[card]
	}
	if strings.Contains(text, `{"event":"here",`) {
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			v.t.Fatal(err)
		}
	}
	if m.Event != "here" {
		return text
	}
	v.heard++
	v.last = text
	if m.Data.Full {
		v.people = make(map[string][]card)
	}
	for _, p := range m.Data.Joined {
		v.people[p.Key] = p.Metas
	}
	for _, key := range m.Data.Left {
		delete(v.people, key)
	}
	if v.count = m.Data.Count; v.count != len(v.people) {
		v.t.Fatalf("the list is %v, and there are %d", v.people, v.count)
	}
	return ""
}

// do sends a message, and reads its answer.
func (v *viewer) do(event, room, name string) {
	v.t.Helper()
	v.said++
	v.send(`{"event":%q,"id":%d,"data":{"room":%q,"card":{"name":%q}}}`, event, v.said, room, name)
	want := fmt.Sprintf(`{"event":%q,"id":%d,"data":null}`, event, v.said)
	for text := v.hear(); text != want; text = v.hear() {
		if text != "" {
			v.t.Fatalf("got %s, want %s", text, want)
		}
	}
}

// list is who is there, as the viewer was told.
func (v *viewer) list() string { return listOf(v.people) }

func listOf(people map[string][]card) string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(people)) {
		var names []string
		for _, c := range people[key] {
			names = append(names, c.Name)
		}
		words = append(words, key+":"+strings.Join(names, ","))
	}
	return strings.Join(words, " ")
}

// sees reads until the list is this.
func (v *viewer) sees(want string) {
	v.t.Helper()
	for v.list() != want {
		if text := v.hear(); text != "" {
			v.t.Fatalf("got %s, want the list %s", text, want)
		}
	}
}

// quiet checks that the viewer is told nothing else.
func (v *viewer) quiet() {
	v.t.Helper()
	before := v.heard
	if v.drain(); v.heard != before {
		v.t.Errorf("it is told of %d changes more, the last %s: %s", v.heard-before, v.last, v.list())
	}
}

// drain reads what has come.
func (v *viewer) drain() {
	v.t.Helper()
	v.send(`{"event":"echo","data":"sync"}`)
	for text := v.hear(); text != `{"event":"echo","data":"sync"}`; text = v.hear() {
		if text != "" {
			v.t.Fatal(text)
		}
	}
}

// known is what a node knows of a room.
func known(p ws.Presence[card], room string) string {
	people := make(map[string][]card)
	for _, x := range p.In(room).Joined {
		people[x.Key] = x.Metas
	}
	return listOf(people)
}

func spec(o ws.PresenceSpec) ws.PresenceSpec {
	o.Name, o.Event = "test.Events", "here"
	return o
}

// houseSite is one node, in a bubble of synctest.
type houseSite struct {
	*pipeSite
	house
	clients chan *ws.Client
}

func newHouse(t *testing.T, o ws.Options, s ws.PresenceSpec) *houseSite {
	t.Helper()
	h := &houseSite{clients: make(chan *ws.Client, 1000)}
	h.pipeSite = servePipe(t, o, h.gateway(h.clients))
	h.here = ws.NewPresence(h.Server, spec(s), writeCard, readCard)
	return h
}

// view connects as somebody.
func (h *houseSite) view(t *testing.T, user string, header ...string) *viewer {
	t.Helper()
	v := &viewer{peer: h.dial(t, "/ws?access_token="+user, header...)}
	_ = v.conn.SetDeadline(time.Time{}) // time is cheap here
	return v
}

func inHouse(t *testing.T, o ws.Options, s ws.PresenceSpec, check func(t *testing.T, h *houseSite)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, o, s)
		check(t, h)
		h.shutdown(t)
		if n := h.Stats().Presence; n.Rooms != 0 || n.Connections != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// TestPresence: who joins a room is told who is there, and then each change: people
// come with the first of their connections and leave with the last one.
func TestPresence(t *testing.T) {
	inHouse(t, ws.Options{}, ws.PresenceSpec{}, func(t *testing.T, h *houseSite) {
		ann := h.view(t, "ann")
		ann.do("enter", "kitchen", "Ann")
		if ann.sees("ann:Ann"); ann.heard != 1 {
			t.Errorf("it is told %d times", ann.heard)
		}
		bob := h.view(t, "bob")
		if bob.do("enter", "kitchen", "Bob"); bob.list() != "ann:Ann bob:Bob" {
			t.Errorf("before its answer it knows %s", bob.list())
		}
		ann.sees("ann:Ann bob:Bob")
		second := h.view(t, "bob")
		second.do("enter", "kitchen", "Bob's phone")
		nobody := h.view(t, "")
		nobody.do("enter", "kitchen", "?")
		<-h.clients
		<-h.clients
		<-h.clients
		id := (<-h.clients).ID().String()
		list := []string{"ann:Ann", "bob:Bob,Bob's phone", id + ":?"}
		slices.Sort(list)
		all := []*viewer{ann, bob, second, nobody}
		for _, v := range all {
			v.sees(strings.Join(list, " "))
		}
		if got := known(h.here, "kitchen"); got != strings.Join(list, " ") {
			t.Errorf("the node knows %s", got)
		}
		if n := h.Stats().Presence; n.Rooms != 1 || n.Connections != 4 {
			t.Errorf("%+v", n)
		}
		nobody.do("quit", "kitchen", "")
		bob.do("set", "kitchen", "Robert")
		for _, v := range all[:3] {
			v.sees("ann:Ann bob:Robert,Bob's phone")
		}
		_ = second.conn.Close()
		ann.sees("ann:Ann bob:Robert")
		bob.do("hide", "kitchen", "")
		ann.sees("ann:Ann")
		bob.sees("ann:Ann") // it is not seen, and sees
		ann.do("set", "kitchen", "Anna")
		bob.sees("ann:Anna")
		ann.sees("ann:Anna")

		// Other rooms are others' business.
		cid := h.view(t, "cid")
		cid.do("enter", "cellar", "Cid")
		time.Sleep(time.Second)
		for _, v := range all[:2] {
			v.quiet()
		}
		nobody.quiet()
		if in := h.here.In("cellar"); len(in.Joined) != 1 || in.Count != 1 || !in.Full || in.Stale || in.Room != "" {
			t.Errorf("%+v", in)
		}
		if in := h.here.In("attic"); in.Count != 0 || in.Joined != nil {
			t.Errorf("%+v", in)
		}
		for _, v := range append(all, cid) {
			_ = v.conn.Close()
		}
	})
}

// TestPresenceLingers: who is back in time has never left, and who is not has left
// then; a session that has lost its socket is there until it is over.
func TestPresenceLingers(t *testing.T) {
	inHouse(t, ws.Options{ResumeWindow: 30 * time.Second}, ws.PresenceSpec{Linger: 2 * time.Second}, func(t *testing.T, h *houseSite) {
		ann := h.view(t, "ann")
		ann.do("enter", "kitchen", "Ann")
		bob := h.view(t, "bob")
		bob.do("enter", "kitchen", "Bob")
		ann.sees("ann:Ann bob:Bob")
		_ = bob.conn.Close()
		time.Sleep(1900 * time.Millisecond)
		ann.quiet()
		bob = h.view(t, "bob") // the page was loaded anew
		bob.do("enter", "kitchen", "Bob")
		time.Sleep(10 * time.Second)
		ann.quiet()
		_ = bob.conn.Close()
		begun := time.Now()
		ann.sees("ann:Ann")
		if took := time.Since(begun); took < 2*time.Second || took > 2200*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		sessionStays(t, h, ann)
		_ = ann.conn.Close()
	})
}

// sessionStays has a session come, lose its socket, come back, and lose it for good.
func sessionStays(t *testing.T, h *houseSite, ann *viewer) {
	t.Helper()
	open := func(resume string) *viewer {
		s := h.view(t, "bob", v1)
		s.send(`{"event":"$connect","data":{%s}}`, resume)
		return s
	}
	bob := open("")
	bob.want(connected)
	sid := bob.sid
	bob.do("enter", "kitchen", "Bob")
	ann.sees("ann:Ann bob:Bob")
	_ = bob.conn.Close()
	time.Sleep(20 * time.Second)
	ann.quiet() // it has no socket, and is there
	ann.do("set", "kitchen", "Anna")
	back := open(fmt.Sprintf(`"resume":{"sid":%q,"seq":%d}`, sid, bob.heard+1))
	back.people, back.heard = bob.people, bob.heard
	if text := back.next(); !strings.Contains(text, `"resumed":true`) {
		t.Fatal(text)
	}
	back.sees("ann:Anna bob:Bob")
	_ = back.conn.Close()
	begun := time.Now()
	ann.sees("ann:Anna")
	if took := time.Since(begun); took < 32*time.Second || took > 35*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestPresenceLate: what a full outbox has no room for is not lost: the client gets the
// whole list when there is room.
func TestPresenceLate(t *testing.T) {
	inHouse(t, ws.Options{OutboxFrames: 4, WriteTimeout: time.Hour}, ws.PresenceSpec{}, func(t *testing.T, h *houseSite) {
		slow := h.view(t, "ann")
		slow.do("enter", "kitchen", "Ann")
		bob := h.view(t, "bob")
		bob.do("enter", "kitchen", "Bob")
		for i := range 50 { // which ann does not read
			bob.do("set", "kitchen", fmt.Sprint(i))
			bob.sees(fmt.Sprintf("ann:Ann bob:%d", i))
			time.Sleep(100 * time.Millisecond)
		}
		if n := h.Stats(); n.Presence.Late == 0 || n.Shed != 0 {
			t.Errorf("%+v", n)
		}
		slow.sees("ann:Ann bob:49")
		bob.do("set", "kitchen", "50")
		if slow.sees("ann:Ann bob:50"); slow.heard > 20 {
			t.Errorf("it was told %d times", slow.heard)
		}
		_ = slow.conn.Close()
		_ = bob.conn.Close()
	})
}

// TestPresenceErrors: what cannot be told joins nothing, and says why.
func TestPresenceErrors(t *testing.T) {
	inHouse(t, ws.Options{MaxRooms: 1, MaxRoomBytes: 10}, ws.PresenceSpec{}, func(t *testing.T, h *houseSite) {
		p := h.view(t, "ann")
		c := <-h.clients
		long := card{Name: strings.Repeat("x", 1024-len(`{"name":""}`)+1)}
		for what, err := range map[string]error{
			"too long": h.here.Join(c, "kitchen", long), "too long to change": h.here.Set(c, "kitchen", long),
		} {
			var refused *ws.Error
			if !errors.Is(err, ws.ErrPresenceSize) || !errors.As(err, &refused) || refused.Code != ws.CodeTooLarge {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := h.here.Set(c, "kitchen", card{}); !errors.Is(err, ws.ErrNotPresent) {
			t.Error(err)
		}
		if err := h.here.Join(c, "a room with a long name", card{}); !errors.Is(err, ws.ErrRoomName) {
			t.Error(err)
		}
		if len(c.Rooms()) != 0 || h.here.In("kitchen").Count != 0 {
			t.Errorf("it is in %v", c.Rooms())
		}
		long.Name = long.Name[1:]
		if err := h.here.Join(c, "kitchen", long); err != nil {
			t.Error(err)
		}
		if err := h.here.Join(c, "cellar", card{}); !errors.Is(err, ws.ErrTooManyRooms) || h.here.In("cellar").Count != 0 {
			t.Error(err)
		}
		h.here.Leave(c, "kitchen")
		if err := h.here.Set(c, "kitchen", card{}); !errors.Is(err, ws.ErrNotPresent) {
			t.Error(err)
		}
		other := ws.NewPresence[card](ws.NewServer(ws.Options{}), spec(ws.PresenceSpec{}), nil, nil)
		if err := other.Join(c, "kitchen", card{}); err == nil || !strings.Contains(err.Error(), "another Server") {
			t.Error(err)
		}
		unwritable := ws.NewPresence[func()](h.Server, ws.PresenceSpec{Name: "test.Odd", Event: "odd"}, nil, nil)
		if err := unwritable.Join(c, "kitchen", func() {}); err == nil {
			t.Error("what has no JSON is told")
		}
		raw := ws.NewPresence[json.RawMessage](h.Server, ws.PresenceSpec{Name: "test.Raw", Event: "raw"}, nil, nil)
		if err := raw.Join(c, "kitchen", json.RawMessage("\"\xff\"")); err == nil {
			t.Error("what is no text is told")
		}
		_ = p.conn.Close()
		synctest.Wait()
		if err := h.here.Join(c, "kitchen", card{}); !errors.Is(err, ws.ErrClosed) {
			t.Error(err)
		}
		if err := h.here.Join(new(ws.Client), "kitchen", card{}); !errors.Is(err, ws.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestPresenceStandIn: a Presence without a Server has nobody, and may be used in the
// test of a gateway.
func TestPresenceStandIn(t *testing.T) {
	for name, p := range map[string]ws.Presence[card]{
		"zero": {}, "nil": ws.NewPresence[card](nil, spec(ws.PresenceSpec{}), nil, nil), "zero Server": ws.NewPresence[card](new(ws.Server), spec(ws.PresenceSpec{}), nil, nil),
	} {
		clients := make(chan *ws.Client, 1)
		s := serve(t, ws.Options{}, lobby(clients))
		s.dial(t, "/ws")
		c := <-clients
		if err := p.Join(c, "kitchen", card{}); err != nil || !slices.Equal(c.Rooms(), []string{"kitchen"}) {
			t.Errorf("%s: %v, %v", name, err, c.Rooms())
		}
		if err := p.Set(c, "kitchen", card{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p.Leave(c, "kitchen")
		if in, all := p.In("kitchen"), p.Ask(context.Background(), "kitchen", 10); in.Count != 0 || len(all.Items) != 0 || all.Missing != nil {
			t.Errorf("%s: %v, %v", name, in, all)
		}
	}
}

// TestPresenceFrames: what the runtime sends is what a push of the same Present would
// be, whatever people are called, and what is told of them is sent as it was written.
func TestPresenceFrames(t *testing.T) {
	odd := "a\"\\\u2028<é>\x00\xff"
	inHouse(t, ws.Options{}, ws.PresenceSpec{Room: true}, func(t *testing.T, h *houseSite) {
		std := ws.NewPresence[card](h.Server, ws.PresenceSpec{Name: "test.Std", Event: "here", Room: true}, nil, nil)
		name := strings.ToValidUTF8(odd, "")
		for _, p := range []ws.Presence[card]{h.here, std} {
			v := h.view(t, "ann")
			c := <-h.clients
			if err := p.Join(c, odd, card{Name: name}); err != nil {
				t.Fatal(err)
			}
			got := v.next()
			present := p.In(odd)
			if _, err := h.Conn(c.ID()).Emit("here", present); err != nil {
				t.Fatal(err)
			}
			if want := v.next(); got != want {
				t.Errorf("got\n%s, want\n%s", got, want)
			}
			if present.Joined[0].Metas[0].Name != name || present.Room != odd {
				t.Errorf("%+v", present)
			}
			_ = v.conn.Close()
		}
	})
}

// TestPresenceMax: of more people than max only the number is told.
func TestPresenceMax(t *testing.T) {
	inHouse(t, ws.Options{WriteTimeout: time.Hour}, ws.PresenceSpec{Max: 2}, func(t *testing.T, h *houseSite) {
		ann := h.view(t, "ann")
		ann.do("enter", "kitchen", "Ann")
		var others []*viewer
		for i := range 4 {
			v := &viewer{peer: h.view(t, fmt.Sprint(i)).peer}
			v.send(`{"event":"enter","id":1,"data":{"room":"kitchen"}}`)
			others = append(others, v)
			time.Sleep(2 * time.Second)
		}
		ann.sees("0: ann:Ann")
		ann.want(`{"event":"here","data":{"full":true,"count":3}}`, `{"event":"here","data":{"count":4}}`, `{"event":"here","data":{"count":5}}`)
		others[3].want(`{"event":"here","data":{"full":true,"count":5}}`, `{"event":"enter","id":1,"data":null}`)
		if in := h.here.In("kitchen"); in.Count != 5 || len(in.Joined) != 5 {
			t.Errorf("%+v", in)
		}
		for _, v := range others[1:] {
			_ = v.conn.Close()
		}
		text := ann.next()
		for strings.HasPrefix(text, `{"event":"here","data":{"count":`) { // not all of them have left at once
			text = ann.next()
		}
		if want := `{"event":"here","data":{"full":true,"joined":[{"key":"0","metas":[{"name":""}]},{"key":"ann","metas":[{"name":"Ann"}]}],"count":2}}`; text != want {
			t.Errorf("got\n%s, want\n%s", text, want)
		}
		_ = others[0].conn.Close()
		_ = ann.conn.Close()
	})
}

// TestPresenceObserver: the Observer is told of what is sent, under no lock.
func TestPresenceObserver(t *testing.T) {
	var here *ws.Presence[card]
	sent := make(chan ws.Sent, 100)
	o := ws.Options{Observer: ws.Observer{Sent: func(s ws.Sent) {
		if here.In("kitchen").Count > 0 { // which takes the lock
			_ = here.Ask(context.Background(), "kitchen", 1)
		}
		sent <- s
	}}}
	inHouse(t, o, ws.PresenceSpec{}, func(t *testing.T, h *houseSite) {
		here = &h.here
		ann, bob := h.view(t, "ann"), h.view(t, "bob")
		ann.do("enter", "kitchen", "Ann")
		bob.do("enter", "kitchen", "Bob")
		ann.sees("ann:Ann bob:Bob")
		_ = bob.conn.Close()
		ann.sees("ann:Ann")
		_ = ann.conn.Close()
		synctest.Wait()
		for len(sent) > 0 {
			if s := <-sent; s.Event != "here" || !s.Declared || s.Outboxes < 1 || s.Bytes < 40 || s.Remote {
				t.Errorf("%+v", s)
			}
		}
	})
}

// houses are nodes of one cluster, each with a Broker that can be given faults.
type houses struct {
	nodes []*houseSite
	links []*brokertest.FaultyBroker
}

func inHouses(t *testing.T, n int, faults brokertest.Faults, s ws.PresenceSpec, check func(t *testing.T, c *houses)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, engine := &houses{}, memory.New()
		for i := range n {
			c.start(t, engine, fmt.Sprint("node ", i), faults, s)
			faults.Seed++
		}
		time.Sleep(time.Second)
		check(t, c)
		for i, node := range c.nodes {
			c.links[i].Heal()
			node.shutdown(t)
		}
	})
}

func (c *houses) start(t *testing.T, engine ws.Broker, name string, faults brokertest.Faults, s ws.PresenceSpec) {
	t.Helper()
	link := brokertest.Faulty(engine, faults)
	c.links = append(c.links, link)
	c.nodes = append(c.nodes, newHouse(t, ws.Options{
		Cluster:      ws.Cluster{Broker: link, Node: name},
		WriteTimeout: time.Hour, PingInterval: time.Hour, IdleTimeout: 3 * time.Hour, // peers read when the test says so
	}, s))
}

// same waits until all nodes know this.
func (c *houses) same(t *testing.T, room, want string, within time.Duration) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		wrong := ""
		for i, n := range c.nodes {
			if got := known(n.here, room); got != want {
				wrong += fmt.Sprintf("\nnode %d knows %s", i, got)
			}
		}
		if wrong == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %v they should know %s:%s", within, want, wrong)
		}
	}
}

// TestPresenceInCluster: all nodes know who is in a room, and so do all clients; a
// person with tabs on several nodes is there once.
func TestPresenceInCluster(t *testing.T) {
	inHouses(t, 3, brokertest.Faults{Jitter: 5 * time.Millisecond, Echo: true}, ws.PresenceSpec{Linger: 2 * time.Second}, func(t *testing.T, c *houses) {
		var all []*viewer
		names := []string{}
		for i, user := range []string{"ann", "bob", "cid", "dan"} {
			v := c.nodes[i%3].view(t, user)
			v.do("enter", "kitchen", user)
			all = append(all, v)
			names = append(names, user+":"+user)
		}
		for _, v := range all {
			v.sees(strings.Join(names, " "))
		}
		c.same(t, "kitchen", strings.Join(names, " "), time.Second)

		// Somebody moves to another node, in time: nobody is told.
		_ = all[2].conn.Close()
		time.Sleep(time.Second)
		all[2] = c.nodes[0].view(t, "cid")
		all[2].do("enter", "kitchen", "cid")
		all[2].sees(strings.Join(names, " "))
		time.Sleep(5 * time.Second)
		all[0].quiet()
		all[1].quiet()

		// A node without anybody there asks, and so does a process without connections.
		for _, v := range all[1:2] {
			_ = v.conn.Close()
		}
		time.Sleep(3 * time.Second)
		all[0].sees("ann:ann cid:cid dan:dan")
		if got := known(c.nodes[1].here, "kitchen"); got != "" {
			t.Errorf("a node without anybody there knows %s", got)
		}
		for _, n := range c.nodes {
			got := n.here.Ask(t.Context(), "kitchen", 10)
			if len(got.Items) != 3 || got.Items[1].Key != "cid" || got.More || len(got.Missing) != 0 {
				t.Errorf("%+v", got)
			}
			if got = n.here.Ask(t.Context(), "kitchen", 2); len(got.Items) != 2 || !got.More {
				t.Errorf("%+v", got)
			}
		}
		worker := ws.NewPublisher(c.links[0])
		got := ws.NewPresence(worker, spec(ws.PresenceSpec{}), writeCard, readCard).Ask(t.Context(), "kitchen", 10)
		if len(got.Items) != 3 || len(got.Missing) != 0 {
			t.Errorf("%+v", got)
		}
		if err := worker.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		for _, n := range c.nodes {
			if s := n.Stats().Cluster; s.Malformed+s.Unknown+s.QueueShed > 0 {
				t.Errorf("%+v", s)
			}
		}
		for _, v := range all {
			_ = v.conn.Close()
		}
		c.same(t, "kitchen", "", 5*time.Second)
	})
}

// TestPresenceOutage: an outage of the engine makes nobody leave, and what changes
// meanwhile is known soon after it.
func TestPresenceOutage(t *testing.T) {
	inHouses(t, 3, brokertest.Faults{}, ws.PresenceSpec{}, func(t *testing.T, c *houses) {
		var all []*viewer
		for i, user := range []string{"ann", "bob", "cid"} {
			v := c.nodes[i].view(t, user)
			v.do("enter", "kitchen", user)
			all = append(all, v)
		}
		for _, v := range all {
			v.sees("ann:ann bob:bob cid:cid")
		}
		time.Sleep(time.Second)
		for _, v := range all {
			v.drain()
		}
		for _, link := range c.links {
			link.Cut()
		}
		time.Sleep(30 * time.Second)
		for i, n := range c.nodes {
			if in := n.here.In("kitchen"); in.Count != 3 || !in.Stale {
				t.Errorf("%+v", in)
			}
			all[i].quiet()
		}
		eve := c.nodes[0].view(t, "eve")
		eve.do("enter", "kitchen", "eve")
		_ = all[1].conn.Close()
		all[2].do("set", "kitchen", "Cid")
		all[0].sees("ann:ann bob:bob cid:cid eve:eve") // of its own node it knows at once
		for _, link := range c.links {
			link.Heal()
		}
		all[0].sees("ann:ann cid:Cid eve:eve")
		all[2].sees("ann:ann cid:Cid eve:eve")
		if in := c.nodes[0].here.In("kitchen"); in.Stale {
			t.Errorf("%+v", in)
		}
		for _, v := range append(all, eve) {
			_ = v.conn.Close()
		}
	})
}

// TestPresenceDeadNode: people of a node that is not heard any more are gone soon, and
// are back when it is.
func TestPresenceDeadNode(t *testing.T) {
	inHouses(t, 3, brokertest.Faults{}, ws.PresenceSpec{Linger: 2 * time.Second}, func(t *testing.T, c *houses) {
		var all []*viewer
		for i, user := range []string{"ann", "bob", "cid"} {
			v := c.nodes[i].view(t, user)
			v.do("enter", "kitchen", user)
			all = append(all, v)
		}
		for _, v := range all {
			v.sees("ann:ann bob:bob cid:cid")
		}
		c.links[2].Hang()
		begun := time.Now()
		all[0].sees("ann:ann bob:bob")
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("it took %v", took)
		}
		time.Sleep(20 * time.Second)
		c.links[2].Heal()
		begun = time.Now()
		all[0].sees("ann:ann bob:bob cid:cid")
		all[1].sees("ann:ann bob:bob cid:cid")
		all[2].sees("ann:ann bob:bob cid:cid")
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("it took %v", took)
		}

		// One that ends properly has its people linger: they may be back elsewhere.
		time.Sleep(5 * time.Second)
		all[1].drain()
		_ = all[2].conn.Close()
		c.nodes[2].shutdown(t)
		begun = time.Now()
		all[1].drain()
		back := c.nodes[0].view(t, "cid")
		time.Sleep(time.Second - time.Since(begun))
		back.do("enter", "kitchen", "cid")
		time.Sleep(10 * time.Second)
		all[1].quiet()
		for _, v := range append(all, back) {
			_ = v.conn.Close()
		}
	})
}
