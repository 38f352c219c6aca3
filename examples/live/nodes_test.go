package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// buildNodes builds the program that starts several nodes, once. It is in a module of its own.
var buildNodes = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(filepath.Dir(binary), "nodes")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = "nodes"
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// fleet is several nodes, and the process that owns them.
type fleet struct {
	*exec.Cmd
	urls []string
	pids []int

	mu   sync.Mutex
	said strings.Builder // guarded by mu
}

var nodeLine = regexp.MustCompile(`^node \d+ \(process (\d+)\): (http://\S+)\n$`)

// launchNodes starts n nodes, and returns when they serve.
func launchNodes(t *testing.T, n int) *fleet {
	t.Helper()
	program, err := buildNodes()
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{Cmd: exec.Command(program, binary)}
	f.Env = append(os.Environ(), "ADDR=127.0.0.1:0", "NODES="+strconv.Itoa(n), "DRAIN=100ms", "TMPDIR="+t.TempDir()) // it is killed, and leaves what its engine has kept
	f.Stderr = f
	out, err := f.StdoutPipe()
	if err == nil {
		err = f.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.Process.Kill() // and nobody is left, as TestNobodyIsLeftBehind has it
		_ = f.Wait()
		if t.Failed() {
			t.Logf("the nodes said:\n%s", f.output())
		}
	})
	ready := make(chan struct{})
	go func() {
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadString('\n')
			_, _ = f.Write([]byte(line))
			if m := nodeLine.FindStringSubmatch(line); m != nil {
				pid, _ := strconv.Atoi(m[1])
				f.pids, f.urls = append(f.pids, pid), append(f.urls, m[2])
				if len(f.pids) == n {
					close(ready)
				}
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case <-ready:
	case <-time.After(livetest.Patience):
		t.Fatal("the nodes do not serve")
	}
	for _, url := range f.urls {
		livetest.Eventually(t, url+" is ready", func() bool { return answers(url + "/readyz") })
	}
	return f
}

// Write implements io.Writer.
func (f *fleet) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said.Write(p)
}

func (f *fleet) output() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said.String()
}

// kill ends one of the nodes as kill -9 does.
func (f *fleet) kill(t *testing.T, node int) {
	t.Helper()
	if err := syscall.Kill(f.pids[node], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func answers(url string) bool {
	response, err := http.Get(url)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode == http.StatusOK
}

// silent checks that soon none of the nodes listens any more.
func (f *fleet) silent(t *testing.T) {
	t.Helper()
	for _, url := range f.urls {
		livetest.Eventually(t, url+" is gone", func() bool {
			response, err := http.Get(url + "/healthz")
			if err == nil {
				response.Body.Close()
			}
			return err != nil
		})
	}
}

// TestThreeNodes checks that people at different nodes chat and see each other, and what becomes of it
// when a node is killed: its people go on at the next, and nobody is there twice.
func TestThreeNodes(t *testing.T) {
	f := launchNodes(t, 3)
	enter := func(node int, name string) *wstest.Conn {
		c := dial(t, f.urls[node]+"/ws")
		c.Call("hello", map[string]string{"name": name}).OK()
		return c
	}
	type here struct {
		Count  int
		People []struct{ Name string }
	}
	count := func(c *wstest.Conn, want int) {
		t.Helper()
		for wstest.Expect[here](c, "here").Count != want {
		}
	}
	says := func(from, to *wstest.Conn, text string) {
		t.Helper()
		from.Call("message", map[string]string{"author": "x", "text": text}).OK()
		if got := wstest.Expect[struct{ Text string }](to, "message"); got.Text != text {
			t.Errorf("got %q, want %q", got.Text, text)
		}
	}
	// A node tells the others of a message behind the answer to who said it, and may be killed between.
	third := dial(t, f.urls[2]+"/ws")
	knows := func(want ...string) {
		t.Helper()
		livetest.Eventually(t, "the third node knows of "+strings.Join(want, ", "), func() bool {
			var history []struct{ Text string }
			third.Call("history", nil).Into(&history)
			return slices.EqualFunc(history, want, func(m struct{ Text string }, text string) bool { return m.Text == text })
		})
	}
	ada, bob := enter(0, "Ada"), enter(1, "Bob")
	count(ada, 2)
	count(bob, 2)
	ada.Send("typing", map[string]string{"author": "Ada"})
	wstest.Expect[any](bob, "typing")
	says(ada, bob, "one")
	wstest.Expect[any](ada, "message")
	knows("one")
	says(bob, ada, "two")
	wstest.Expect[any](bob, "message")
	knows("one", "two")

	f.kill(t, 0)
	livetest.Eventually(t, "the owner notices", func() bool { return strings.Contains(f.output(), "node 1 ("+f.urls[0]+") has ended: signal: killed") })
	count(bob, 1) // nobody stays present for ever
	for {
		var told struct {
			Nodes []struct{ Addr, State string }
		}
		if told = wstest.Expect[struct {
			Nodes []struct{ Addr, State string }
		}](bob, "nodes"); len(told.Nodes) == 2 {
			break
		}
	}
	again := enter(2, "Ada")
	count(bob, 2)
	count(again, 2)
	var history []struct{ Text string }
	again.Call("history", nil).Into(&history)
	if len(history) != 2 || history[0].Text != "one" || history[1].Text != "two" {
		t.Errorf("the history at the other node: %v", history)
	}
	says(bob, again, "three")
	wstest.Expect[any](bob, "message")
	says(again, bob, "four")
}

// TestNobodyIsLeftBehind checks that nodes end with their owner, whatever ends that.
func TestNobodyIsLeftBehind(t *testing.T) {
	for name, how := range map[string]os.Signal{"Ctrl-C": os.Interrupt, "kill": syscall.SIGTERM, "kill -9": os.Kill} {
		t.Run(name, func(t *testing.T) {
			f := launchNodes(t, 2)
			c := dial(t, f.urls[1]+"/ws")
			if err := f.Process.Signal(how); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- f.Wait() }()
			select {
			case err := <-ended:
				if (err == nil) != (how != os.Kill) {
					t.Errorf("the owner ended with %v", err)
				}
			case <-time.After(livetest.Patience):
				t.Fatal("the owner does not end")
			}
			c.ExpectClose(1001)
			f.silent(t)
		})
	}
}

// TestNodesMistakes checks what is said of settings that cannot be.
func TestNodesMistakes(t *testing.T) {
	program, err := buildNodes()
	if err != nil {
		t.Fatal(err)
	}
	taken := launch(t, "127.0.0.1:0")
	for _, c := range []struct{ nodes, addr, says string }{
		{"three", "127.0.0.1:0", `NODES is "three": set it to a number from 1 to 16, for example NODES=3`},
		{"0", "127.0.0.1:0", `NODES is "0"`},
		{"3", "127.0.0.1", `ADDR is "127.0.0.1": set it to a host and the first of 3 ports, for example ADDR=127.0.0.1:3004`},
		{"3", "127.0.0.1:65534", `ADDR is "127.0.0.1:65534"`},
		{"1", strings.TrimPrefix(taken.url, "http://"), "Set the environment variable ADDR to a free host:port"},
	} {
		cmd := exec.Command(program, binary)
		cmd.Env = append(os.Environ(), "NODES="+c.nodes, "ADDR="+c.addr)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), c.says) {
			t.Errorf("NODES=%s ADDR=%s: %v\n%s\nwant %s", c.nodes, c.addr, err, out, c.says)
		}
	}
}

// TestThePageGoesOnAtAnotherNode checks what a page shows of nodes, and that it survives the death of its
// own.
func TestThePageGoesOnAtAnotherNode(t *testing.T) {
	b := startBrowser(t)
	f := launchNodes(t, 3)
	ports := make([]string, len(f.urls))
	for i, url := range f.urls {
		ports[i] = url[strings.LastIndex(url, ":"):]
	}
	ada, bob := visit(t, b, f.urls[0], "Ada"), visit(t, b, f.urls[1], "Bob")
	for i, v := range []visitor{ada, bob} {
		v.sees("#people-title", "Here now: 2")
		v.sees("#nodes-self", ports[i]+", one of 3")
		v.waits(`document.querySelectorAll('#nodes-list [data-state="up"]').length === 3`)
		v.types("#room", "tea\n")
		v.sees("#channel-title", "#tea")
	}
	for _, v := range []visitor{ada, bob} {
		v.sees("#people-title", "In #tea: 2")
		v.clicks("#channels li:first-child .open")
	}
	ada.clicks("#nodes summary")
	ada.sees("#nodes-list", "1 connection, yours too")
	ada.sees("#nodes-link", "They hear each other over NATS.")
	ada.everyWindow(t, func(v visitor) { v.faultless(v.t, "with nodes,") })
	ada.views(1440, 1100, false)
	ada.signsIn("ann")
	bob.sees("#people .badge", "ann ✓")
	ada.types("#draft", "hello\n")
	bob.lines("hello")
	ada.remembersTyping()
	bob.types("#draft", "hi")
	ada.sees("#typing", "Bob is typing…")
	bob.types("#draft", "!\n")
	ada.lines("hello", "hi!")
	for _, v := range []visitor{ada, bob} {
		v.hasNoFaults()
	}

	f.kill(t, 0)
	// Hers is gone: she is at another, of which the page has asked none to begin with.
	ada.waits(`document.querySelector("#state").dataset.state === "open" && document.querySelectorAll("#frames .life").length >= 3`)
	ada.sees("#nodes-self", "one of 2")
	ada.waits(`!document.querySelector("#nodes-self").textContent.startsWith(` + strconv.Quote(ports[0]) + `)`)
	ada.sees("#user-name", "ann") // her token is of a key that all nodes have
	bob.sees("#people-title", "Here now: 2")
	bob.types("#draft", "still there?\n")
	ada.lines("hello", "hi!", "still there?")
	ada.types("#draft", "yes\n")
	bob.lines("hello", "hi!", "still there?", "yes")
	ada.waits(`document.querySelectorAll(".note.loud").length === 0`) // nothing is lost, so nothing is said
	// Her room was joined again, and what is no push goes to her new node, too.
	ada.clicks("#channels li:nth-child(3) .open")
	ada.sees("#people-title", "In #tea: 2")
	ada.eval(`document.querySelector("#announcing").open = true`)
	ada.types("#announce-text", "doors open at nine\n")
	ada.sees("#announce-result", "Reached 2 connections.")
	bob.sees("#banner-text", "doors open at nine")
	bob.hasNoFaults()
}

// TestANodeIsRestartedUnderAPage checks that a session goes on at its own node, and that a page whose node is
// restarted goes on at another, with a new one: nothing is lost, and the node comes back.
func TestANodeIsRestartedUnderAPage(t *testing.T) {
	b := startBrowser(t)
	f := launchNodes(t, 3)
	port := f.urls[0][strings.LastIndex(f.urls[0], ":"):]
	ada, bob := visit(t, b, f.urls[0], "Ada"), visit(t, b, f.urls[1], "Bob")
	for _, v := range []visitor{ada, bob} {
		v.sees("#people-title", "Here now: 2")
		v.sees("#nodes-self", "one of 3")
	}
	ada.isCut()
	bob.types("#draft", "one\n")
	bob.lines("one")
	bob.sees("#people-title", "Here now: 2")
	ada.clicks("#retry")
	ada.sees("#line-result", "came meanwhile, nothing missing.")
	ada.sees("#frames .life .json", "connected: the session goes on")
	ada.lines("one")
	ada.sees("#nodes-self", port)

	ada.clicks("#restart")
	ada.sees("#frames .in .json", `{"event":"$goaway","data":{"reason":"shutdown"`)
	bob.types("#draft", "two\n")
	bob.lines("one", "two")
	ada.sees("#line-result", "Call answered. A new session (unknown): all is loaded anew.")
	ada.waits(`!document.querySelector("#nodes-self").textContent.startsWith(` + strconv.Quote(port) + `)`)
	ada.lines("one", "two")
	ada.waits(`document.querySelectorAll(".note.loud").length === 0`) // the others know all of it
	for _, v := range []visitor{ada, bob} {
		v.sees("#people-title", "Here now: 2")
		v.waits(`document.querySelectorAll('#nodes-list [data-state="up"]').length === 3`)
		v.hasNoFaults()
	}
	// It is a node as before.
	eve := visit(t, b, f.urls[0], "Eve")
	eve.lines("one", "two")
	eve.sees("#people-title", "Here now: 3")
	eve.types("#draft", "three\n")
	ada.lines("one", "two", "three")
	eve.hasNoFaults()
}

// TestWhichNodeIsNext checks where a page goes when a connection has ended: a session lives at one node.
func TestWhichNodeIsNext(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	page, err := b.Page(p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	next, err := browser.Eval[string](page, `import("/static/js/nodes.js").then(({ at, lost, showNodes }) => {
		const node = (port, state) => ({ addr: location.hostname + ":" + port, connections: 0, state });
		const told = { self: location.host, up: true, nodes: [node(location.port, "up"), node(1, "silent"), node(2, "draining"), node(3, "up")] };
		const goesTo = (code, opened, reason = "") => {
			showNodes(told);
			lost({ code, reason, opened });
			return new URL(at("/ws")).port === "3" ? (lost({ code: 1006, reason: "", opened: false }), code) : 0; // and back
		};
		return JSON.stringify([
			[1000, 1001, 1006, 1009, 1013, 4000, 4401].map((code) => goesTo(code, false)),
			[1000, 1001, 1006, 1009, 1013, 4000, 4401].map((code) => goesTo(code, true)),
			goesTo(1001, true, "shutdown: it goes away"),
			new URL(at("/ws")).host === location.host,
		]);
	})`)
	if want := "[[0,1001,1006,0,1013,0,0],[0,0,0,0,0,0,0],1001,true]"; err != nil || next != want {
		t.Errorf("goes on at the next node after %s, want %s (%v)", next, want, err)
	}
}
