package ws_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// These are the load of TestRollingRestart. The longest call takes far less than
// DrainTimeout, since a machine that is busy makes it longer.
const (
	rollingCrowd = 200
	rollingRate  = 1000 // calls a second, of all together
	rollingLong  = 500 * time.Millisecond
	rollingOpen  = 4   // calls of a client that are not answered, at most
	rollingSent  = 300 // and of all together; at full rate there are a hundred

	// rollingPatience is for three processes on a machine that has more to do, and
	// DrainTimeout as well. Nothing waits for so long by itself.
	rollingPatience = 4 * patience
)

// TestRollingRestart: two processes serve a gateway to 200 clients, which call a
// thousand times a second. One process after the other is restarted. No call
// fails: each is handled once, by whatever process, and answered once.
func TestRollingRestart(t *testing.T) {
	if os.Getenv(rollingMark) != "" {
		rolled(t)
		return
	}
	r := &rolling{t: t}
	r.start()
	r.start()
	var gone sync.WaitGroup
	for i := range rollingCrowd {
		c := &caller{r: r, i: i, open: map[string]bool{}}
		r.callers = append(r.callers, c)
		gone.Go(c.run)
	}
	over, issued := make(chan struct{}), make(chan int)
	begun := time.Now()
	go r.load(over, issued)
	r.settle()
	for range 2 {
		before := r.caught.Load()
		r.restart()
		r.settle()
		if n := r.caught.Load() - before; n < rollingCrowd/20 {
			t.Errorf("%d clients were asked to leave while a call was open: that shows little", n)
		}
	}
	close(over)
	made := <-issued
	took := time.Since(begun)
	patiently(t, rollingPatience, "all calls are answered", func() bool { return r.answered() == made })
	for _, c := range r.callers {
		c.goodbye()
	}
	gone.Wait()
	for _, n := range r.nodes {
		r.stop(n)
	}
	if r.handled != made {
		t.Errorf("%d calls were made, %d handled", made, r.handled)
	}
	if n := r.left.Load(); n != rollingCrowd*3/2 {
		t.Errorf("clients have left %d times, want half of them once and all once", n)
	}
	t.Logf("%d calls, %.0f a second; %d of %d times a call was open when a client was asked to leave",
		made, float64(made)/took.Seconds(), r.caught.Load(), r.left.Load())
}

// rollingMark has a test binary be a process of TestRollingRestart.
const rollingMark = "WS_ROLLING"

// rolled is such a process. It serves until its input ends, and says then how many
// calls it has handled.
func rolled(t *testing.T) {
	var handled atomic.Int64
	taking := func(d time.Duration) func(*ws.Call) error {
		return func(c *ws.Call) error {
			handled.Add(1)
			time.Sleep(d)
			return echo(c)
		}
	}
	s := serve(t, ws.Options{DrainTimeout: rollingPatience / 2}, gateway{on: map[string]handler{
		"inline":   inline(taking(0)),
		"serial":   serial(taking(5 * time.Millisecond)),
		"parallel": {call: taking(rollingLong / 5), mode: ws.Parallel},
		"long":     {call: taking(rollingLong), mode: ws.Parallel},
	}})
	fmt.Println(s.http.Listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	ctx, cancel := context.WithTimeout(context.Background(), rollingPatience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	fmt.Println(handled.Load())
}

// rolling is the processes and their clients.
type rolling struct {
	t       *testing.T
	callers []*caller
	handled int // calls, by processes that have ended

	mu    sync.Mutex
	nodes []*rollingNode // guarded by mu; the oldest first

	sent   atomic.Int64 // calls that are sent and not answered
	left   atomic.Int64 // how often a client has left, because it was asked to
	caught atomic.Int64 // and had calls open when it was
}

// rollingNode is a process.
type rollingNode struct {
	addr string
	cmd  *exec.Cmd
	in   io.Closer
	out  *bufio.Reader
}

// start adds a process.
func (r *rolling) start() {
	r.t.Helper()
	n := &rollingNode{cmd: exec.CommandContext(r.t.Context(), os.Args[0], "-test.run=^TestRollingRestart$", "-test.timeout=10m")}
	n.cmd.Env = append(os.Environ(), rollingMark+"=1")
	n.cmd.Stderr = os.Stderr
	in, err := n.cmd.StdinPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	n.in, n.out = in, bufio.NewReader(out)
	addr, err := n.out.ReadString('\n')
	if err != nil {
		r.t.Fatalf("%q, %v", addr, err)
	}
	n.addr = strings.TrimSpace(addr)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nodes = append(r.nodes, n)
}

// stop has a process end, as one that is restarted, and counts what it has handled.
func (r *rolling) stop(n *rollingNode) {
	r.t.Helper()
	_ = n.in.Close()
	said, _ := io.ReadAll(n.out)
	handled := 0
	_, err := fmt.Sscan(string(said), &handled)
	if ended := n.cmd.Wait(); err != nil || ended != nil {
		r.t.Errorf("a process ended by %v, and said %s", ended, said)
	}
	r.handled += handled
}

// restart restarts the oldest process. No client is sent there any more.
func (r *rolling) restart() {
	r.t.Helper()
	r.mu.Lock()
	n := r.nodes[0]
	r.nodes = r.nodes[1:]
	r.mu.Unlock()
	r.stop(n)
	r.start()
}

// pick returns the address of the process that the i-th client is sent to.
func (r *rolling) pick(i int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.nodes[i%len(r.nodes)].addr
}

// load makes calls until over, by one client after the other, and says how many.
func (r *rolling) load(over <-chan struct{}, issued chan<- int) {
	const tick = 10 * time.Millisecond
	kinds := []string{"long", "inline", "serial", "parallel", "inline", "serial", "parallel", "inline"}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for n, turn := 0, 0; ; {
		select {
		case <-over:
			issued <- n
			return
		case <-ticker.C: // fewer come on a machine that is too busy
		}
		for range int(rollingRate * tick / time.Second) {
			if r.sent.Load() >= rollingSent {
				break
			}
			i := turn % len(r.callers)
			if c := r.callers[i]; !c.behind() {
				c.call(n, kinds[(turn/len(r.callers)+i)%len(kinds)])
				n++
			}
			turn++
		}
	}
}

// settle waits until each client has been answered once more. Who has left has then
// come back.
func (r *rolling) settle() {
	r.t.Helper()
	var want []int64
	for _, c := range r.callers {
		want = append(want, c.answered.Load()+1)
	}
	patiently(r.t, rollingPatience, "all are served", func() bool {
		for i, c := range r.callers {
			if c.answered.Load() < want[i] {
				return false
			}
		}
		return true
	})
}

// answered returns how many calls have their answers.
func (r *rolling) answered() (n int) {
	for _, c := range r.callers {
		n += int(c.answered.Load())
	}
	return n
}

// caller is a client of sessions as the protocol's page wants it: asked to leave,
// it sends nothing new, leaves when its calls are answered, and comes back when it
// was told to, to another process. What it has to send meanwhile waits.
type caller struct {
	r        *rolling
	i        int
	answered atomic.Int64

	sid   string        // of its last session
	got   int           // messages that count, there
	retry time.Duration // how long it stays away

	mu      sync.Mutex
	p       *peer           // guarded by mu, as all below; nil: it has no session
	waiting []string        // messages to be sent
	open    map[string]bool // the answers to those that were
	leaves  bool            // it was asked to
	closes  bool            // it has said Close
	done    bool            // and will not come back
}

// run is the life of a client.
func (c *caller) run() {
	for c.connect() {
		if !c.listen() {
			return
		}
		time.Sleep(c.retry)
	}
}

// connect opens a session. It asks for the one before, which no other process
// knows.
func (c *caller) connect() bool {
	t, addr := c.r.t, c.r.pick(c.i)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return false
	}
	t.Cleanup(func() { _ = conn.Close() })
	p, res := handshake(t, conn, addr, "/ws", v1)
	if p == nil {
		t.Errorf("a handshake was refused: %s", res)
		return false
	}
	_ = conn.SetDeadline(time.Now().Add(10 * patience))
	if c.sid == "" {
		p.send(`{"event":"$connect"}`)
		p.want(connected)
	} else {
		p.send(`{"event":"$connect","data":{"resume":{"sid":%q,"seq":%d}}}`, c.sid, c.got)
		p.want(strings.Replace(connected, `"resumed":false`, `"resumed":false,"why":"unknown"`, 1))
	}
	c.sid, c.got = p.sid, 0
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p, c.leaves, c.closes = p, false, false
	c.flush()
	return true
}

// call makes a call, now or later. Its answer has its text.
func (c *caller) call(n int, event string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, fmt.Sprintf(`{"event":%q,"id":%d,"data":%d}`, event, n, n))
	c.flush()
}

// behind reports whether so many calls are open, or wait, that the machine does not
// get through with them. To add to these would only make each take longer than a
// client that was asked to leave has.
func (c *caller) behind() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)+len(c.waiting) >= rollingOpen
}

// flush sends what waits, if that may be sent now. The caller holds c.mu.
func (c *caller) flush() {
	if c.p == nil || c.leaves {
		return
	}
	for _, call := range c.waiting {
		c.open[call] = true
		c.r.sent.Add(1)
		if _, err := c.p.conn.Write(frame(text, []byte(call))); err != nil {
			c.r.t.Errorf("%s is not sent: %v", call, err)
		}
	}
	c.waiting = nil
}

// listen takes what comes until the Close, and tells whether the client comes back.
func (c *caller) listen() bool {
	t, p := c.r.t, c.p
	for {
		first, payload, err := p.read()
		switch {
		case err != nil:
			t.Errorf("a socket ended without a Close: %v", err)
			return false
		case first == ping:
			_, _ = p.conn.Write(frame(pong, payload))
		case first == text:
			c.hear(string(payload))
		case first == closes:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.p = nil
			if !c.closes {
				t.Errorf("closed by %q with %d calls open", payload, len(c.open))
			}
			_ = p.conn.Close()
			return c.closes && !c.done
		}
	}
}

// hear takes a message.
func (c *caller) hear(text string) {
	asked := readGoaway(c.r.t, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case asked != nil:
		c.leaves, c.retry = true, time.Duration(asked.RetryAfterMs)*time.Millisecond
		if len(c.open) > 0 {
			c.r.caught.Add(1)
		}
	case c.open[text]:
		delete(c.open, text)
		c.got++
		c.r.sent.Add(-1)
		c.answered.Add(1)
	default:
		c.r.t.Errorf("the answer to no call, or a call that failed: %s", text)
	}
	if c.leaves && len(c.open) == 0 && !c.closes {
		c.r.left.Add(1)
		c.close(ws.CloseReturning)
	}
}

// goodbye ends the session for good.
func (c *caller) goodbye() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
	c.close(ws.CloseNormal)
}

// close sends Close. The caller holds c.mu.
func (c *caller) close(code ws.CloseCode) {
	c.closes = true
	if c.p == nil {
		c.r.t.Errorf("a client without a session says %d", code)
		return
	}
	c.p.sendClose(uint16(code), "")
}
