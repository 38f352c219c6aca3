package toy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Engine is a server that passes messages on. Its protocol has lines, and data
// behind some of them:
//
//	S channel         subscribe; answered by K
//	U channel         unsubscribe; answered by K
//	P channel size    publish; data follows
//	M channel size    a message; data follows
type Engine struct {
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	heard map[string][]*client // guarded by mu
	all   map[*client]bool     // guarded by mu
}

// client is a connection to the Engine.
type client struct {
	conn net.Conn
	out  chan []byte // full: it is cut off
	gone chan struct{}
	once sync.Once
}

func (c *client) end() {
	c.once.Do(func() {
		close(c.gone)
		c.conn.Close()
	})
}

// Start starts an Engine on a port of this machine.
func Start() (*Engine, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &Engine{listener: listener, heard: make(map[string][]*client), all: make(map[*client]bool)}
	e.running.Go(e.accept)
	return e, nil
}

// Addr returns where it listens.
func (e *Engine) Addr() string { return e.listener.Addr().String() }

// Forget closes all connections, as a restart does.
func (e *Engine) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.all {
		c.end()
	}
}

// Close ends the Engine.
func (e *Engine) Close() {
	e.listener.Close()
	e.Forget()
	e.running.Wait()
}

func (e *Engine) accept() {
	for {
		conn, err := e.listener.Accept()
		if err != nil {
			return
		}
		c := &client{conn: conn, out: make(chan []byte, 1<<16), gone: make(chan struct{})}
		e.mu.Lock()
		e.all[c] = true
		e.mu.Unlock()
		e.running.Go(func() { e.write(c) })
		e.running.Go(func() {
			e.read(c)
			e.forget(c)
			c.end()
		})
	}
}

func (e *Engine) write(c *client) {
	w := bufio.NewWriter(c.conn)
	for {
		select {
		case data := <-c.out:
			w.Write(data)
			if len(c.out) == 0 && w.Flush() != nil {
				return
			}
		case <-c.gone:
			return
		}
	}
}

func (e *Engine) read(c *client) {
	r := bufio.NewReader(c.conn)
	for {
		verb, channel, data, err := next(r)
		if err != nil {
			return
		}
		e.do(c, verb, channel, data)
	}
}

func (e *Engine) do(c *client, verb, channel string, data []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch verb {
	case "S":
		if !slices.Contains(e.heard[channel], c) {
			e.heard[channel] = append(e.heard[channel], c)
		}
		send(c, []byte("K\n"))
	case "U":
		e.leave(c, channel)
		send(c, []byte("K\n"))
	case "P":
		text := appendMessage(nil, "M", channel, data)
		for _, to := range e.heard[channel] {
			send(to, text)
		}
	}
}

// leave ends a subscription. The caller holds mu.
func (e *Engine) leave(c *client, channel string) {
	e.heard[channel] = slices.DeleteFunc(e.heard[channel], func(other *client) bool { return other == c })
	if len(e.heard[channel]) == 0 {
		delete(e.heard, channel)
	}
}

func send(c *client, text []byte) {
	select {
	case c.out <- text:
	default:
		c.end()
	}
}

func (e *Engine) forget(c *client) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.all, c)
	for channel := range e.heard {
		e.leave(c, channel)
	}
}

// appendMessage appends a line and the data behind it.
func appendMessage(to []byte, verb, channel string, data []byte) []byte {
	to = fmt.Appendf(to, "%s %s %d\n", verb, channel, len(data))
	return append(to, data...)
}

// next reads a line, and the data behind it.
func next(r *bufio.Reader) (verb, channel string, data []byte, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", "", nil, err
	}
	words := append(strings.Fields(line), "", "", "")
	verb, channel = words[0], words[1]
	if verb == "P" || verb == "M" {
		size, _ := strconv.Atoi(words[2])
		data = make([]byte, size)
		_, err = io.ReadFull(r, data)
	}
	return verb, channel, data, err
}
