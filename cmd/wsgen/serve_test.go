package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"

	"github.com/lxzan/gws"
	"github.com/rogpeppe/go-internal/testscript"
)

// serveCommand starts a program that says where it listens, and puts that into
// a variable. It is stopped when the script ends.
//
//	serve VARIABLE program [arg ...]
func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: serve VARIABLE program [arg ...]")
	}
	cmd := exec.Command(ts.MkAbs(args[1]), args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	ts.Check(cmd.Start())
	ended := sync.OnceValue(cmd.Wait)
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = ended()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && err != io.EOF {
		ts.Check(err)
	}
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on http://")
	if !ok {
		_ = cmd.Process.Kill()
		_ = ended()
		ts.Fatalf("%s said %q: %s", args[1], line, &complaints)
	}
	ts.Setenv(args[0], addr)
}

// talkCommand opens a WebSocket for each client named in a conversation and
// carries it out: "ada> frame" is sent by ada, "ada< frame" is what ada must
// receive next, and with "ada!" she is gone. {{word}} in a frame is any text
// without quotes, and the same one wherever it stands again.
//
//	talk host:port/path file
func talkCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: talk host:port/path file")
	}
	clients, known := map[string]*talker{}, map[string]string{}
	defer func() {
		for _, c := range clients {
			c.leave()
		}
	}()
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		at := strings.IndexAny(line, "<>!")
		if at < 0 {
			ts.Fatalf("neither <, > nor ! in %q", line)
		}
		name, frame := line[:at], strings.TrimSpace(line[at+1:])
		for word, text := range known {
			frame = strings.ReplaceAll(frame, "{{"+word+"}}", text)
		}
		c := clients[name]
		if c == nil {
			c = &talker{frames: make(chan string, 64)}
			conn, _, err := gws.NewClient(c, &gws.ClientOption{Addr: "ws://" + args[0]})
			ts.Check(err)
			c.conn = conn
			c.ended.Go(conn.ReadLoop)
			clients[name] = c
		}
		switch line[at] {
		case '>':
			if frame != "" { // nothing to send: it only connects
				ts.Check(c.conn.WriteString(frame))
			}
		case '!':
			c.leave()
			delete(clients, name)
		default:
			if got, ok := <-c.frames; !ok || !heard(got, frame, known) {
				ts.Fatalf("%s got %s, want %s", name, got, frame)
			}
		}
	}
}

// unknown is a word that stands for any text, as regexp.QuoteMeta leaves it.
var unknown = regexp.MustCompile(`\\\{\\\{(\w+)\\\}\\\}`)

// heard reports whether a frame is what was wanted, and notes what its words stand for.
func heard(got, want string, known map[string]string) bool {
	pattern := regexp.MustCompile("^" + unknown.ReplaceAllString(regexp.QuoteMeta(want), `(?P<$1>[^"]*)`) + "$")
	found := pattern.FindStringSubmatch(got)
	for i, word := range pattern.SubexpNames() {
		if found != nil && word != "" {
			known[word] = found[i]
		}
	}
	return found != nil
}

// talker is one client of a conversation.
type talker struct {
	gws.BuiltinEventHandler
	conn   *gws.Conn
	frames chan string
	ended  sync.WaitGroup
}

// leave ends the connection without a word.
func (t *talker) leave() {
	_ = t.conn.NetConn().Close()
	t.ended.Wait()
}

func (t *talker) OnMessage(_ *gws.Conn, m *gws.Message) {
	t.frames <- fmt.Sprint(m.Data)
	_ = m.Close()
}

func (t *talker) OnClose(*gws.Conn, error) { close(t.frames) }
