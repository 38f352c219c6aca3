package natsbroker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/wsgen/wsgen/runtime/broker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeServer says what a test wants, as a server of NATS does.
type fakeServer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// newFake returns the options that lead to a fake server, and the server once it is
// connected to.
func newFake(t *testing.T) (nats.Options, <-chan *fakeServer) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	came := make(chan *fakeServer, 1)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		s := &fakeServer{t: t, conn: c, in: bufio.NewReader(c)}
		s.say(`INFO {"server_id":"FAKE","version":"2.15.3","proto":1,"headers":true,"max_payload":1048576}`)
		s.pong()
		came <- s
	}()
	o, err := Options{URL: "nats://" + listener.Addr().String()}.settings("main")
	if err != nil {
		t.Fatal(err)
	}
	return o, came
}

func (s *fakeServer) say(format string, args ...any) { fmt.Fprintf(s.conn, format+"\r\n", args...) }

// pong reads until a Ping, and answers it.
func (s *fakeServer) pong() {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			s.t.Errorf("the fake server: %v", err)
			return
		}
		if strings.HasPrefix(line, "PING") {
			s.say("PONG")
			return
		}
	}
}

// nobody is a Receiver that takes no notice.
type nobody struct{}

func (nobody) Up()                     {}
func (nobody) Down(error)              {}
func (nobody) Deliver(broker.Delivery) {}
func (nobody) Lost(int, ...string)     {}

// TestLostExactly: however a queue fills and empties, what the client library drops
// of each channel is told, and nothing else.
func TestLostExactly(t *testing.T) {
	o, came := newFake(t)
	l := &link{prefix: "ws.main.", o: o, in: broker.NewIntake(nobody{}, broker.IntakeOptions{Lanes: 1}), log: newTrouble(nil), asked: make(map[string]*nats.Subscription)}
	l.ctx, l.end = context.WithCancel(t.Context())
	l.closing = l.ctx
	c, err := l.connect(nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	c.messages = make(chan *nats.Msg, 8)
	server := <-came
	sids := map[string]int{}
	for i, channel := range []string{"r.a", "r.b", "r.c"} {
		if err := c.subscribe(channel); err != nil {
			t.Fatal(err)
		}
		sids[channel] = i + 1
	}
	sent, got, lost := map[string]int{}, map[string]int{}, map[string]int{}
	tell := func(n int, subject string) { lost[c.channel(subject)] += n }
	take := func() {
		m := <-c.messages
		got[c.channel(m.Subject)]++
		c.losses.arrived(m.Sub, tell)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		for channel, sid := range sids {
			n := random.IntN(6)
			sent[channel] += n
			for range n {
				server.say("MSG ws.main.%s %d 1\r\nx", channel, sid)
			}
		}
		flushed := make(chan error, 1)
		go func() { flushed <- c.flush(t.Context()) }()
		server.pong()
		if err := <-flushed; err != nil {
			t.Fatal(err)
		}
		for n := random.IntN(10); n > 0 && len(c.messages) > 0; n-- {
			take()
		}
		c.losses.count(c.messages, tell)
	}
	for len(c.messages) > 0 {
		take()
	}
	right := func() bool {
		for channel := range sids {
			if lost[channel]+got[channel] != sent[channel] {
				return false
			}
		}
		return true
	}
	for limit := time.Now().Add(10 * time.Second); !right(); {
		if time.Now().After(limit) {
			t.Fatalf("sent %v, delivered %v, told as lost %v", sent, got, lost)
		}
		select {
		case <-c.losses.wake: // the library's word is late
		case <-time.After(time.Millisecond):
		}
		c.losses.count(c.messages, tell)
	}
	t.Logf("sent %v, lost %v", sent, lost)
	if lost["r.a"] == 0 || lost["r.a"] == sent["r.a"] {
		t.Error("nothing, or all, was lost: this tests nothing")
	}
	c.end()
	l.end()
	l.runs.Wait()
	server.conn.Close()
	if err := l.in.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDeafConn: Write returns whether or not the other side reads, and Close does
// not wait.
func TestDeafConn(t *testing.T) {
	here, there := net.Pipe() // unbuffered
	var runs sync.WaitGroup
	p := newPipe(t.Context(), here, &runs)
	for range 20 {
		if n, err := p.Write(make([]byte, 64<<10)); n != 64<<10 || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := p.Write([]byte("x")); err == nil {
		t.Error("Write after Close: no error")
	}
	runs.Wait()
	there.Close()
}

// TestPipeKeepsOrder: what is written arrives, in order.
func TestPipeKeepsOrder(t *testing.T) {
	here, there := net.Pipe()
	var runs sync.WaitGroup
	p := newPipe(t.Context(), here, &runs)
	var want strings.Builder
	for i := range 1000 {
		fmt.Fprintf(p, "%d,", i)
		fmt.Fprintf(&want, "%d,", i)
	}
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(there, got); err != nil || string(got) != want.String() {
		t.Errorf("%q, %v", got, err)
	}
	p.Close()
	runs.Wait()
	there.Close()
}

// TestPeers: a question is answered when all servers that were heard lately have
// answered it or a later one.
func TestPeers(t *testing.T) {
	p := newPeers()
	p.own = "A"
	now := time.Now()
	check := func(when string, n uint64, want bool) {
		t.Helper()
		if all, _ := p.haveAnswered(n, now); all != want {
			t.Errorf("%s: question %d is answered: %v", when, n, all)
		}
	}
	first := p.next()
	check("nobody is known", first, true)
	p.answered("A", first, now)
	p.answered("", first, now)
	p.came("B", now)
	check("a server has come", first, false)
	p.answered("B", first, now)
	check("it has answered", first, true)
	second := p.next()
	check("that was an older one", second, false)
	p.answered("B", p.next(), now)
	check("a later one", second, true)
	p.answered("B", first, now)
	check("answers out of order", second, true)
	p.answered("B", 99, now)
	check("an answer to no question", p.next(), false)
	now = now.Add(alive + 1)
	check("it was not heard for long", 5, true)
	p.came("C", now)
	p.left("C", now)
	check("a node has left", 5, false)
	now = now.Add(farewell + 1)
	check("and none is there", 5, true)
	for i := range 2 * maxPeers {
		p.came(fmt.Sprint(i), now)
	}
	if len(p.heard) != maxPeers {
		t.Errorf("%d servers are remembered", len(p.heard))
	}
}

// TestWindow: so much may be ahead of the server, and a large message alone.
func TestWindow(t *testing.T) {
	w := newWindow()
	if w.take(10<<20) != nil {
		t.Error("a large message finds no room in an empty window")
	}
	wait := w.take(1)
	if wait == nil {
		t.Fatal("there is room behind it")
	}
	read, stop := make(chan struct{}), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		w.run(func(context.Context) error { <-read; return nil }, stop)
	})
	read <- struct{}{}
	<-wait
	if w.take(1) != nil {
		t.Error("there is no room although the server has read all")
	}
	close(stop)
	work.Wait()
}

// TestPool: the servers of the configuration are tried first, and those that were
// discovered get their credentials.
func TestPool(t *testing.T) {
	got := pool([]string{"nats://node:secret@a:4222", "nats://node:secret@b:4222"}, []string{"nats://c:4222", "nats://node:secret@a:4222"})
	if len(got) != 3 || got[2] != "nats://node:secret@c:4222" {
		t.Errorf("%q", got)
	}
}
