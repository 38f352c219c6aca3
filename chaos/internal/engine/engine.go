// Package engine has what stands between nodes: three servers of NATS or one of Redis,
// each in a process of its own, so that it can be killed, and proxies in front of them.
package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Engine is what nodes are joined by: one server, or several that pass on to each
// other what they get.
type Engine interface {
	Name() string
	Servers() int
	// Addr returns where a server listens for nodes.
	Addr(server int) string
	// Start starts the servers that do not run.
	Start() error
	// Kill ends the process of a server without a word, and returns when that is done.
	Kill(server int)
	// Part cuts the servers off from each other, and Heal ends that.
	Part()
	Heal()
	// Close ends all.
	Close()
	// Subscriptions returns how many there are of nodes.
	Subscriptions() (int, error)
}

// New returns an Engine that is not started: nats or redis.
func New(name string) (Engine, error) {
	switch name {
	case "nats":
		return newNATS()
	case "redis":
		port, err := FreePort()
		return &redis{process{port: port}}, err
	}
	return nil, fmt.Errorf("engine: %q is neither nats nor redis", name)
}

// FreePort returns a port of 127.0.0.1 that nobody listens on, for a process that is
// started at it again and again. It is none that systems give to connections that go
// out (Linux: from 32768 on, others: from 49152): one of these would take the place of a
// server that is down.
func FreePort() (int, error) {
	const first, behind = 10_000, 32_768
	for range 1000 {
		port := first + rand.IntN(behind-first)
		if l, err := net.Listen("tcp", addrOf(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("engine: no port is free")
}

func addrOf(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// patience is how long a server may take to be ready.
const patience = 20 * time.Second

// process is a server's process.
type process struct {
	port int
	cmd  *exec.Cmd
}

func (p *process) addr() string { return addrOf(p.port) }

// start starts the process, and returns when it listens.
func (p *process) start(cmd *exec.Cmd) error {
	if p.cmd != nil {
		return nil // it runs
	}
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	limit := time.Now().Add(patience)
	for {
		c, err := net.Dial("tcp", p.addr())
		if err == nil {
			return c.Close()
		}
		if time.Now().After(limit) {
			p.kill()
			return fmt.Errorf("engine: %s does not listen: %w", cmd.Path, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// kill ends the process, if there is one.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// redis is redis-server.
type redis struct{ process }

// RedisServer returns the program: REDIS_SERVER, or redis-server of PATH.
func RedisServer() (string, error) {
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	return exec.LookPath(name)
}

// Name implements Engine.
func (r *redis) Name() string { return "redis" }

// Servers implements Engine.
func (r *redis) Servers() int { return 1 }

// Addr implements Engine.
func (r *redis) Addr(int) string { return r.addr() }

// Kill implements Engine.
func (r *redis) Kill(int) { r.kill() }

// Close implements Engine.
func (r *redis) Close() { r.kill() }

// Part implements Engine: there is nobody else.
func (r *redis) Part() {}

// Heal implements Engine.
func (r *redis) Heal() {}

// Start implements Engine. It has no data, and keeps none.
func (r *redis) Start() error {
	program, err := RedisServer()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, "--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", os.TempDir())
	return r.start(cmd)
}

// Subscriptions implements Engine.
func (r *redis) Subscriptions() (int, error) {
	c, err := net.DialTimeout("tcp", r.addr(), time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := io.WriteString(c, "PUBSUB CHANNELS\r\n"); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || line[0] != '*' {
		return 0, errors.Join(err, errors.New("engine: "+line))
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}
