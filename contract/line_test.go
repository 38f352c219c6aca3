package contract_test

import (
	"io"
	"net"
	"sync"
)

// line is a TCP proxy in front of a server, whose connections can be lost in the ways
// in which networks lose them.
type line struct {
	listener net.Listener
	sealed   bool // TLS goes through it: what clients send cannot be read here
	wg       sync.WaitGroup

	mu      sync.Mutex
	to      string // where connections go
	blocked bool   // new connections are cut at once
	mute    bool   // what clients send is swallowed
	ponged  uint64 // the count in the last Pong of a client's
	conns   map[net.Conn]struct{}
}

func newLine(to string, sealed bool) (*line, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &line{listener: listener, sealed: sealed, to: to, conns: map[net.Conn]struct{}{}}
	l.wg.Go(l.accept)
	return l, nil
}

func (l *line) addr() string { return l.listener.Addr().String() }

func (l *line) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		to, ok := l.admit(client)
		if !ok {
			hang(client)
			continue
		}
		server, err := net.Dial("tcp", to)
		if err != nil || !l.joins(client, server) {
			hang(client)
			continue
		}
		l.wg.Go(func() { l.carry(server, client, true) })
		l.wg.Go(func() { l.carry(client, server, false) })
	}
}

func (l *line) admit(client net.Conn) (to string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.blocked {
		return "", false
	}
	l.conns[client] = struct{}{}
	return l.to, true
}

// joins reports whether the client is still there when its server is.
func (l *line) joins(client, server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, there := l.conns[client]; !there {
		_ = server.Close()
		return false
	}
	l.conns[server] = struct{}{}
	return true
}

// carry copies until one end is gone, and then cuts the other off.
func (l *line) carry(to, from net.Conn, fromClient bool) {
	defer l.forget(to, from)
	buffer := make([]byte, 32<<10)
	pongs := pongs{tell: func(count uint64) { l.set(func(l *line) { l.ponged = count }) }}
	for {
		n, err := from.Read(buffer)
		if fromClient && !l.sealed {
			pongs.read(buffer[:n])
		}
		if n > 0 && !(fromClient && l.swallows()) {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err == io.EOF {
			_ = to.(*net.TCPConn).CloseWrite()
			return
		}
		if err != nil {
			hang(to)
			return
		}
	}
}

func (l *line) swallows() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mute
}

// forget closes both ends when the second direction has ended.
func (l *line) forget(a, b net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, first := l.conns[a]
	delete(l.conns, a)
	if _, second := l.conns[b]; !first || !second {
		_ = a.Close()
		_ = b.Close()
		delete(l.conns, b)
	}
}

// cut resets every connection.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.conns {
		hang(conn)
	}
	clear(l.conns)
}

// set changes the line under its lock.
func (l *line) set(change func(*line)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func (l *line) close() {
	_ = l.listener.Close()
	l.set(func(l *line) { l.blocked = true })
	l.cut()
	l.wg.Wait()
}

// hang closes a connection by a reset.
func hang(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
