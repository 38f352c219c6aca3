package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
)

// proxy stands between a page and the server and can be cut, which a server cannot do to itself. It can have those that
// come then wait, so that the test and not the page's haste says when there is a line again. The server behind it may be
// another one later.
type proxy struct {
	listener net.Listener

	mu     sync.Mutex
	target string                // host:port; guarded by mu
	whole  chan struct{}         // closed while what comes gets through; guarded by mu
	conns  map[net.Conn]struct{} // guarded by mu
	sent   bytes.Buffer          // by pages, all connections in one; guarded by mu
}

// newProxy stands before the server at a URL.
func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	target := strings.TrimPrefix(server, "http://")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: target, whole: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(p.whole)
	go p.run()
	t.Cleanup(func() {
		_ = listener.Close()
		p.mends()
		p.cut()
	})
	return p
}

// url is where a page finds the server.
func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) run() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(near)
	}
}

// serve carries what comes over a connection, once it gets through.
func (p *proxy) serve(near net.Conn) {
	for {
		p.mu.Lock()
		whole, target := p.whole, p.target
		p.mu.Unlock()
		<-whole
		far, err := net.Dial("tcp", target)
		p.mu.Lock()
		if p.whole != whole { // cut meanwhile
			p.mu.Unlock()
			if err == nil {
				_ = far.Close()
			}
			continue
		}
		if err == nil {
			p.conns[near], p.conns[far] = struct{}{}, struct{}{}
		}
		p.mu.Unlock()
		if err != nil {
			_ = near.Close()
			return
		}
		go p.copy(near, far, far)
		p.copy(far, io.TeeReader(near, recorder{p}), near)
		return
	}
}

// leads has what comes go to the server at another URL.
func (p *proxy) leads(server string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = strings.TrimPrefix(server, "http://")
}

// mends has what waits get through.
func (p *proxy) mends() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.whole:
	default:
		close(p.whole)
	}
}

// holds ends every connection, and has those that come wait until mends is called.
func (p *proxy) holds() {
	p.mu.Lock()
	select {
	case <-p.whole:
		p.whole = make(chan struct{})
	default: // held already
	}
	p.mu.Unlock()
	p.cut()
}

func (p *proxy) copy(to net.Conn, from io.Reader, ends ...net.Conn) {
	_, _ = io.Copy(to, from)
	for _, conn := range append(ends, to) {
		_ = conn.Close()
	}
}

// recorder keeps what pages send.
type recorder struct{ *proxy }

func (r recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent.Write(b)
}

// heard returns what pages have sent so far.
func (p *proxy) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent.String()
}

// cut ends every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
	clear(p.conns)
}

// TestThePageCatchesUp checks that a page which lost its connection gets the messages that it missed,
// and none twice.
func TestThePageCatchesUp(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	between := newProxy(t, p.url)
	bob := dial(t, p.url+"/ws")
	say := func(text string) { bob.Call("message", map[string]string{"author": "Bob", "text": text}).OK() }

	say("one")
	say("two")
	ada := visit(t, b, between.url(), "Ada")
	ada.lines("one", "two")
	say("two")
	ada.lines("one", "two", "two")

	// Three times, so that a page that shows something twice is not lucky.
	want := []string{"one", "two", "two"}
	for range 3 {
		between.holds()
		say("two")
		say("three")
		want = append(want, "two", "three")
		between.mends()
		ada.lines(want...)
	}
	ada.waits(`document.querySelectorAll(".note.loud").length === 0`) // nothing is lost, so nothing is said

	// More than the server remembers.
	ada.connects()
	between.holds()
	ada.waits(`document.querySelector("#state").dataset.state !== "open"`)
	for range 300 { // and more than an outbox keeps for a session without a socket
		say("x")
	}
	between.mends()
	ada.comesBack()
	ada.sees(".note.loud", "Some messages are lost: the server keeps the last 256")
	for range 256 {
		want = append(want, "x")
	}
	ada.lines(want...)
}

// TestResync checks how a page joins its messages, the server's history, and the pushes since it asked
// for that.
func TestResync(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	page, err := b.Page(p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	full := strings.Repeat("x", 256) // a full history of one-letter messages
	for _, c := range []struct {
		what, shown, remembered, live string
		lost                          bool
		past, next, gap               string
	}{
		{"first visit", "", "abc", "", false, "abc", "", ""},
		{"first visit, nothing said", "", "", "", false, "", "", ""},
		{"nothing missed", "abc", "abc", "", false, "", "", ""},
		{"some missed", "abc", "abcde", "", false, "de", "", ""},
		{"the same said again", "aa", "aaa", "", false, "a", "", ""},
		{"pushed before the answer and in it", "ab", "abcd", "cd", false, "cd", "", ""},
		{"pushed between history and answer", "ab", "abc", "cd", false, "c", "d", ""},
		{"pushed after the history was read", "", "", "a", false, "", "a", ""},
		{"restart", "abc", "", "", false, "", "", "restart"},
		{"restart, and somebody spoke", "abc", "c", "", false, "c", "", "restart"},
		{"a full history", "ab" + full, full, "", false, "", "", ""},
		{"a full history, one more", "ab" + full[:254], full[:254] + "yz", "z", false, "yz", "", ""},
		{"more than the history holds", "abc", full, "", false, full, "", "missed"},
		{"more than is kept, and the history holds it", "abc", "abcde", "", true, "de", "", ""},
		{"more than the history holds, and nothing was shown", "", full, "", true, full, "", "missed"},
		{"first visit, and a full history", "", full, "", false, full, "", ""},
	} {
		got, err := browser.Eval[string](page, fmt.Sprintf(`import("/static/js/history.js").then(({ resync }) => {
			const messages = (letters) => [...letters].map((text) => ({ author: "a", text }));
			const letters = (messages) => messages.map((m) => m.text).join("");
			const { past, next, gap } = resync(messages(%q), messages(%q), messages(%q), %t);
			return letters(past) + "|" + letters(next) + "|" + gap;
		})`, c.shown, c.remembered, c.live, c.lost))
		if want := c.past + "|" + c.next + "|" + c.gap; err != nil || got != want {
			t.Errorf("%s: got %.60s, want %.60s (%v)", c.what, got, want, err)
		}
	}
	for _, c := range []struct {
		shown, remembered string
		lacks             int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"abc", "cab", 0}, // nodes may have two orders
		{"abc", "bcd", 1},
		{"aa", "aaaa", 2},
	} {
		got, err := browser.Eval[int](page, fmt.Sprintf(`import("/static/js/history.js").then(({ lacking }) => {
			const messages = (letters) => [...letters].map((text) => ({ author: "a", text }));
			return lacking(messages(%q), messages(%q));
		})`, c.shown, c.remembered))
		if err != nil || got != c.lacks {
			t.Errorf("%q beside %q: %d are lacking, want %d (%v)", c.shown, c.remembered, got, c.lacks, err)
		}
	}
}
