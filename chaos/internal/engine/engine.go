// Package engine has what stands between nodes: a server of NATS or Redis in a
// process of its own, so that it can be killed, and a proxy in front of it for each
// node.
package engine

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Engine is a server that nodes are joined by.
type Engine interface {
	Name() string
	Addr() string
	Start() error
	// Kill ends its process without a word, and returns when that is done.
	Kill()
	// Subscriptions returns how many there are of nodes.
	Subscriptions() (int, error)
}

// New returns an Engine that is not started: nats or redis.
func New(name string) (Engine, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	switch name {
	case "nats":
		monitor, err := freePort()
		return &nats{process{port: port}, monitor}, err
	case "redis":
		return &redis{process{port: port}}, nil
	}
	return nil, fmt.Errorf("engine: %q is neither nats nor redis", name)
}

// freePort returns a port of 127.0.0.1 that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// process is a server's process.
type process struct {
	port int
	cmd  *exec.Cmd
}

func (p *process) Addr() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

// start starts the process, and returns when it listens.
func (p *process) start(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	limit := time.Now().Add(20 * time.Second)
	for {
		c, err := net.Dial("tcp", p.Addr())
		if err == nil {
			return c.Close()
		}
		if time.Now().After(limit) {
			p.Kill()
			return fmt.Errorf("engine: %s does not listen: %w", cmd.Path, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Kill implements Engine.
func (p *process) Kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// nats is this program as a server of NATS.
type nats struct {
	process
	monitor int
}

func (n *nats) Name() string { return "nats" }

// Env is where a process reads that it is to be a server of NATS.
const Env = "WSGEN_CHAOS_NATS"

// Start implements Engine.
func (n *nats) Start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", Env, n.port, n.monitor))
	return n.start(cmd)
}

// Subscriptions implements Engine: those of clients.
func (n *nats) Subscriptions() (int, error) {
	r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/connz?subs=1&limit=1000", n.monitor))
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	var all struct {
		Connections []struct {
			Subs []string `json:"subscriptions_list"`
		} `json:"connections"`
	}
	if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
		return 0, err
	}
	count := 0
	for _, c := range all.Connections {
		count += len(c.Subs)
	}
	return count, nil
}

// RunNATS is the process of a server of NATS, until its standard input ends.
func RunNATS(ports string) error {
	port, monitor, _ := strings.Cut(ports, " ")
	p, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	m, err := strconv.Atoi(monitor)
	if err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: p, HTTPHost: "127.0.0.1", HTTPPort: m, NoLog: true, NoSigs: true,
		NoFastProducerStall: true, // as the adapter's page demands
	})
	if err != nil {
		return err
	}
	s.Start()
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// redis is redis-server.
type redis struct{ process }

func (r *redis) Name() string { return "redis" }

// RedisServer returns the program: REDIS_SERVER, or redis-server of PATH.
func RedisServer() (string, error) {
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	return exec.LookPath(name)
}

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
	c, err := net.DialTimeout("tcp", r.Addr(), time.Second)
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
