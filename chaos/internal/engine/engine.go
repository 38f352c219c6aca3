// Package engine has what stands between nodes: three servers of NATS, or one of Redis
// with a replica, each in a process of its own, so that it can be killed, and proxies in front of them.
package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
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
	// Part cuts the servers off from each other, and Heal ends that.
	Part()
	Heal()
	// Close ends all.
	Close()
	// Subscriptions returns how many there are of nodes.
	Subscriptions() (int, error)
	// Failures returns in which ways it fails with what it keeps: first those in which
	// nothing is lost.
	Failures() []Failure
	// Fill has it refuse to keep anything more, until Drain.
	Fill() error
	Drain() error
}

// Failure is a way in which an engine fails. When it is over the engine serves again,
// perhaps at other addresses.
type Failure struct {
	What   string
	Server int  // the one that nodes notice it at; All: every one
	Loses  bool // what is kept, or the newest of it
	// Do lasts for about as long as outage, and returns what is lost without anybody
	// being told.
	Do func(outage time.Duration) ([]Hole, error)
}

// All is every server.
const All = -1

// Hole is what an engine has lost of a channel, and gives none of these offsets again.
type Hole struct {
	Channel       string
	After, Before uint64
}

// New returns an Engine that is not started: nats or redis.
func New(name string) (Engine, error) {
	switch name {
	case "nats":
		return newNATS()
	case "redis":
		return newRedis()
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

// stop has the process stand still for a while.
func (p *process) stop(outage time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(outage)
	return p.cmd.Process.Signal(syscall.SIGCONT)
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

// again calls f until it succeeds.
func again(f func() error) (err error) {
	for limit := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		if err = f(); err == nil || time.Now().After(limit) {
			return err
		}
	}
}
