package ws_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// follower is a reader whose session outlives its sockets. It counts as the protocol's
// page says, and notes what it is told.
type follower struct {
	*reader
	s     *site
	had   int // messages that count
	said  []string
	words []word
}

// word is $joined or $lost, and how many kept pushes came before it.
type word struct {
	event, at string
	recovered string // "", "true" or "false"
	behind    int
}

// follows begins a session. at is what it says in $connect that it has had.
func (s *site) follows(t *testing.T, path string, at map[string]string) *follower {
	t.Helper()
	f := &follower{reader: &reader{at: map[string]string{}}, s: s}
	f.connects(t, path, "", at)
	return f
}

// connects opens a socket for a session; "" is a new one.
func (f *follower) connects(t *testing.T, path, sid string, at map[string]string) {
	t.Helper()
	f.peer = f.s.dial(t, path, v1)
	says := map[string]any{"at": at}
	if sid != "" {
		says["resume"] = map[string]any{"sid": sid, "seq": f.had}
	}
	data, _ := json.Marshal(says)
	f.send(`{"event":"$connect","data":%s}`, data)
	if got := f.next(); !strings.Contains(got, fmt.Sprintf(`"resumed":%t`, sid != "")) {
		t.Fatal(got)
	}
}

// cut breaks the socket, and waits until the server has noticed.
func (f *follower) cut(t *testing.T) {
	t.Helper()
	_ = f.conn.Close()
	eventually(t, "it has no socket", func() bool { return f.s.Stats().Detached == 1 })
}

// goOn goes on with the session over another socket.
func (f *follower) goOn(t *testing.T) {
	t.Helper()
	f.connects(t, "/ws", f.sid, nil)
}

// over ends the session, and what it had is forgotten but for its positions.
func (f *follower) over(t *testing.T) {
	t.Helper()
	f.sendClose(1000, "")
	eventually(t, "it is over", func() bool { return f.s.Stats().Connections == 0 })
	f.had, f.said, f.words = 0, nil, nil
}

// listen takes a frame, and notes it as a client does.
func (f *follower) listen() arrived {
	f.t.Helper()
	m := f.hear()
	if !strings.HasPrefix(m.Event, "$") {
		f.had++
	}
	switch m.Event {
	case "said":
		var text string
		if err := json.Unmarshal(m.Data, &text); err != nil {
			f.t.Fatal(err)
		}
		f.said = append(f.said, text)
	case "$joined", "$lost":
		var d says
		if err := json.Unmarshal(m.Data, &d); err != nil {
			f.t.Fatal(err)
		}
		w := word{event: m.Event, at: d.At, behind: len(f.said)}
		if d.Recovered != nil {
			w.recovered = fmt.Sprint(*d.Recovered)
		}
		f.at[d.Log] = d.At
		f.words = append(f.words, w)
	}
	return m
}

// until takes frames until one is as it is to be.
func (f *follower) until(is func(m arrived) bool) {
	f.t.Helper()
	for !is(f.listen()) {
	}
}

// saying is what until waits for: a kept push with this text.
func saying(text string) func(arrived) bool {
	return func(m arrived) bool { return m.Event == "said" && string(m.Data) == fmt.Sprintf("%q", text) }
}

// opens follows a room, and waits for the answer.
func (f *follower) opens(room string) {
	f.t.Helper()
	f.send(`{"event":"open","id":7,"data":[%q]}`, room)
	f.until(func(m arrived) bool { return m.Event == "open" })
}

// wantTold checks that the client was told one thing of its history, once or again in
// the same place, and all of these texts once and in order.
func (f *follower) wantTold(t *testing.T, want word, texts ...string) {
	t.Helper()
	if !slices.Equal(f.said, texts) {
		t.Errorf("it has heard %q, want %q", f.said, texts)
	}
	told := slices.Compact(slices.Clone(f.words))
	if len(told) != 1 || told[0].event != want.event || told[0].recovered != want.recovered || told[0].behind != want.behind {
		t.Errorf("it was told %+v, want %+v", f.words, want)
	}
}

// TestKeptCut: wherever the line breaks while a client comes back to what it follows,
// its session goes on with everything once and in order, and it knows that nothing is
// missing. What says so is said again in its place.
func TestKeptCut(t *testing.T) {
	for name, claims := range map[string]func(*testing.T, *follower, bool){
		"claimed by $resume": func(t *testing.T, f *follower, cut bool) {
			f.connects(t, "/ws", "", nil)
			data, _ := json.Marshal(f.at)
			f.send(`{"event":"$resume","id":"r","data":%s}`, data)
			if cut { // right behind it: its answer does not count, so nobody knows whether it has come
				f.cut(t)
				f.goOn(t)
				f.send(`{"event":"$resume","id":"r","data":%s}`, data)
			}
			f.want(`{"event":"$resume","id":"r","data":null}`)
		},
		"claimed by $connect": func(t *testing.T, f *follower, cut bool) {
			f.connects(t, "/ws", "", f.at)
			if cut {
				f.cut(t)
				f.goOn(t)
			}
		},
	} {
		for cut := range 6 { // behind so many of $joined, 2, 3 and the answer; 5: behind the claim as well
			t.Run(fmt.Sprintf("%s, %d", name, cut), func(t *testing.T) {
				s, g := servePress(t, 100, ws.Options{})
				f := s.follows(t, "/ws", nil)
				f.opens("a")
				g.said(t, []string{"1"}, "a")
				f.until(saying("1"))
				f.over(t)
				g.said(t, []string{"2", "3"}, "a")
				claims(t, f, cut == 5)
				f.send(`{"event":"open","id":7,"data":["a"]}`)
				for range min(cut, 4) {
					f.listen()
				}
				if cut == 0 { // the call has come: it counts, and so does its answer
					eventually(t, "it follows", func() bool { return s.Stats().History.Recovered == 1 })
				}
				f.cut(t)
				g.said(t, []string{"4"}, "a")
				f.goOn(t)
				f.until(saying("4"))
				g.said(t, []string{"5"}, "a")
				f.until(saying("5"))
				f.wantTold(t, word{event: "$joined", recovered: "true"}, "2", "3", "4", "5")
				if n := s.Stats(); n.Opened != 2 || n.Resumed < 1 {
					t.Errorf("%+v", n)
				}
			})
		}
	}
}

// TestKeptCutAtLost: a client whose line breaks with $lost on its way, or right behind
// it, is told all the same.
func TestKeptCutAtLost(t *testing.T) {
	for _, has := range []bool{false, true} {
		t.Run(fmt.Sprintf("it has it: %t", has), func(t *testing.T) {
			const most = 500
			s, g := servePress(t, 10, ws.Options{OutboxFrames: 4, WriteTimeout: patience, ResumeFrames: 1 << 20, ResumeBytes: 1 << 30, ResumeTotalBytes: 1 << 30})
			f := s.follows(t, "/ws", nil)
			_ = f.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
			f.opens("a")
			long := strings.Repeat("x", 2000)
			for i := range most {
				g.said(t, []string{fmt.Sprint(i, long)}, "a")
			}
			_ = f.conn.(*net.TCPConn).SetReadBuffer(1 << 20)
			f.until(func(m arrived) bool { return m.Event == "$lost" })
			told := len(f.words)
			first := f.words[told-1]
			if !has { // it was on its way
				told--
				f.words = f.words[:told]
			}
			f.cut(t)
			f.goOn(t)
			if f.listen(); len(f.words) == told || f.words[told] != first {
				t.Errorf("it is told %+v, want %+v again", f.words, first)
			}
			g.said(t, []string{"end"}, "a")
			f.until(func(m arrived) bool { // or that is lost as well, if the client is still as far behind
				return saying("end")(m) || m.Event == "$lost" && strings.HasSuffix(f.words[len(f.words)-1].at, fmt.Sprint(".", most+1))
			})
			f.continuous(t, most)
		})
	}
}

// continuous checks that what is missing among texts that begin with numbers is what
// $lost has said.
func (f *follower) continuous(t *testing.T, most int) {
	t.Helper()
	numbered := len(f.said)
	if f.said[numbered-1] == "end" {
		numbered--
	} else { // it was told that the end is lost as well, which is one more
		most++
	}
	next, at := 0, 0
	for _, w := range append(f.words, word{behind: numbered}) {
		for ; at < w.behind; at++ {
			var n int
			digits, _, _ := strings.Cut(f.said[at], "x")
			if _, err := fmt.Sscan(digits, &n); err != nil || n != next {
				t.Fatalf("%s, and %d is next", digits, next)
			}
			next++
		}
		if w.event == "$lost" {
			_, offset, _ := strings.Cut(w.at, ".")
			if _, err := fmt.Sscan(offset, &next); err != nil {
				t.Fatal(err)
			}
		}
	}
	if next != most {
		t.Errorf("it has heard up to %d of %d", next, most)
	}
}

// TestKeptAway: a follower without a socket has its place, and nothing is put into its
// outbox that the history has: there is room for what is kept nowhere else. When it is
// back it gets all of it, or is told.
func TestKeptAway(t *testing.T) {
	const most = 50
	for _, size := range []int{100, 20} {
		t.Run(fmt.Sprintf("%d are kept", size), func(t *testing.T) {
			s, g := servePress(t, size, ws.Options{OutboxFrames: 4})
			f := s.follows(t, "/ws", nil)
			f.opens("a")
			f.words = nil
			f.cut(t)
			for i := range most {
				g.said(t, []string{fmt.Sprint(i)}, "a")
			}
			if n, err := g.push.In("a").Typing("x"); n != 1 || err != nil {
				t.Errorf("another push finds no room: %d, %v", n, err)
			}
			f.goOn(t)
			if size < most { // before it knows, the end may be lost as well
				f.until(func(m arrived) bool { return m.Event == "$lost" })
			}
			g.said(t, []string{"end"}, "a")
			f.until(saying("end"))
			f.continuous(t, most)
			if lost := len(f.words) > 0; lost != (size < most) {
				t.Errorf("it was told %+v", f.words)
			}
			if n := s.Stats(); n.Shed != 0 || n.Resumed != 1 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestKeptClaimsInConnect: in a session $connect says what the client has had, also for
// what the connect hook follows; a session that goes on has no use for that.
func TestKeptClaimsInConnect(t *testing.T) {
	for _, none := range []bool{false, true} {
		t.Run(fmt.Sprintf("NoResume: %t", none), func(t *testing.T) {
			s, g := servePress(t, 100, ws.Options{NoResume: none})
			f := s.follows(t, "/ws?room=a", nil)
			f.opens("b")
			g.said(t, []string{"1"}, "a")
			f.until(saying("1"))
			f.over(t)
			g.said(t, []string{"2"}, "a")
			g.said(t, []string{"3"}, "b")
			f.connects(t, "/ws?room=a", "", f.at)
			f.until(saying("2"))
			f.wantTold(t, word{event: "$joined", recovered: "true"}, "2")
			f.words, f.said = nil, nil
			f.opens("b")
			f.wantTold(t, word{event: "$joined", recovered: "true"}, "3")
			if none {
				return
			}
			for log := range f.at {
				f.at[log] = ""
			}
			f.words, f.said = nil, nil
			f.cut(t)
			f.connects(t, "/ws?room=a", f.sid, f.at)
			g.said(t, []string{"4"}, "a")
			f.until(saying("4"))
			if len(f.words) > 0 || len(f.said) != 1 {
				t.Errorf("it was told %+v, and has heard %q", f.words, f.said)
			}
		})
	}
	many := map[string]string{}
	for i := range 257 {
		many[fmt.Sprintf("%011d", i)] = "k3Jx.1"
	}
	s, _ := servePress(t, 100, ws.Options{})
	for _, at := range []any{many, []string{"k3Jx.1"}, map[string]int{"MYIcIYJwuFM": 1}} {
		p := s.dial(t, "/ws", v1)
		data, _ := json.Marshal(map[string]any{"at": at})
		p.send(`{"event":"$connect","data":%s}`, data)
		p.wantClose(4400)
	}
}
