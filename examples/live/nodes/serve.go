package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

const (
	// endsWithin is how long a node may take to end by itself, before it is killed: a little more than the
	// demo gives itself.
	endsWithin = 12 * time.Second
	// startsWithin is how long a node may take to listen.
	startsWithin = 20 * time.Second
)

// beside returns n addresses on ports beside each other, from addr on. Port 0 is any free port for each.
func beside(addr string, n int) ([]string, error) {
	host, text, err := net.SplitHostPort(addr)
	port, bad := strconv.Atoi(text)
	if err != nil || bad != nil || port < 0 || port+n-1 > 65535 {
		return nil, fmt.Errorf("ADDR is %q: set it to a host and the first of %d ports, for example ADDR=127.0.0.1:3004", addr, n)
	}
	addrs := make([]string, n)
	for i := range addrs {
		own := port
		if port > 0 {
			own += i
		}
		addrs[i] = net.JoinHostPort(host, strconv.Itoa(own))
	}
	return addrs, nil
}

// node is a process of the demo.
type node struct {
	cmd   *exec.Cmd
	leash io.Closer // the node ends when this is closed, by us or because we are gone
	url   string
	ended chan error // gets why, once
}

// serve starts the engine and the nodes, and returns when all of them have ended: after ctx, or by
// themselves, which is an error.
func serve(ctx context.Context, program string, addrs []string, stdout, stderr io.Writer) error {
	engine, err := natstest.Start()
	if err != nil {
		return err
	}
	defer engine.Close()
	fmt.Fprintf(stdout, "NATS, in this process (%d): %s\n", os.Getpid(), engine.URL())

	out := &lines{to: stdout}
	key := rand.Text()
	var nodes []*node
	var work sync.WaitGroup
	defer work.Wait()
	defer func() {
		for _, n := range nodes {
			work.Go(n.end)
		}
	}()
	for i, addr := range addrs {
		n, err := start(program, []string{"ADDR=" + addr, "NATS=" + engine.URL(), "TOKEN_KEY=" + key}, &lines{to: stderr, before: fmt.Sprintf("node %d: ", i+1)})
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
		fmt.Fprintf(out, "node %d (process %d): %s\n", i+1, n.cmd.Process.Pid, n.url)
	}
	fmt.Fprintf(out, "Ctrl-C ends them all. See a page go on at another node: kill -9 %d\n", nodes[0].cmd.Process.Pid)

	gone := make(chan struct{}, len(nodes))
	for i, n := range nodes {
		go func() {
			why := <-n.ended
			n.ended <- why
			if ctx.Err() == nil {
				fmt.Fprintf(out, "node %d (%s) has ended: %v\n", i+1, n.url, cause(why))
			}
			gone <- struct{}{}
		}()
	}
	for range nodes {
		select {
		case <-gone:
		case <-ctx.Done():
			return nil
		}
	}
	return errors.New("all nodes have ended")
}

func cause(why error) string {
	if why == nil {
		return "by itself"
	}
	return why.Error()
}

var urlForm = regexp.MustCompile(`http://\S+`)

// start starts a node, and returns when it listens.
func start(program string, env []string, stderr io.Writer) (*node, error) {
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), append(env, "LEASH=stdin")...)
	cmd.Stderr = stderr
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", program, err)
	}
	n := &node{cmd: cmd, leash: leash, ended: make(chan error, 1)}
	first := make(chan string, 1)
	go func() {
		lines := bufio.NewReader(out)
		line, _ := lines.ReadString('\n')
		first <- line
		_, _ = io.Copy(io.Discard, lines)
		n.ended <- cmd.Wait()
	}()
	late := time.NewTimer(startsWithin)
	defer late.Stop()
	select {
	case line := <-first:
		n.url = urlForm.FindString(line)
	case <-late.C:
	}
	if n.url == "" {
		n.end()
		return nil, errors.New("a node does not listen; what it printed says why")
	}
	return n, nil
}

// end ends the node, and returns when it has ended.
func (n *node) end() {
	_ = n.leash.Close()
	late := time.NewTimer(endsWithin)
	defer late.Stop()
	select {
	case why := <-n.ended:
		n.ended <- why
	case <-late.C:
		_ = n.cmd.Process.Kill()
		why := <-n.ended
		n.ended <- why
	}
}

// lines writes for several, one at a time, with a word before each line.
type lines struct {
	mu     sync.Mutex
	to     io.Writer // guarded by mu
	before string
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.before + strings.ReplaceAll(strings.TrimSuffix(string(p), "\n"), "\n", "\n"+l.before) + "\n"
	if _, err := io.WriteString(l.to, text); err != nil {
		return 0, err
	}
	return len(p), nil
}
