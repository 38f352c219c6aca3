package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/engine"
	"github.com/wsgen/wsgen/chaos/internal/node"
)

// Member is a place in the cluster: a node, and the one that follows it there.
type Member struct {
	Index  int
	Proxy  *engine.Proxy
	Config node.Config
	Binary string // "" is this program

	mu   sync.Mutex
	addr string // guarded by mu
	cmd  *exec.Cmd
	read chan struct{} // closed when all that the process has said is read
	life *Life         // guarded by mu; nil while there is none
}

// Life is one process of a Member.
type Life struct {
	Member *Member
	ID     string
	Dead   time.Time // when it was killed or shut down; zero while it lives
	Report node.Report
	Before node.Report // at the end of the first phase
}

// Addr returns where the node listens.
func (m *Member) Addr() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.addr
}

// Life returns the process that runs; nil if none does.
func (m *Member) Life() *Life {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.life
}

// nodeEnv is where a process reads that it is to be a node.
const nodeEnv = "WSGEN_CHAOS_NODE"

// Start starts the node of a Member, and returns when it listens.
func (w *World) Start(m *Member) error {
	program := m.Binary
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return err
		}
	}
	config := m.Config
	config.Addr = m.Addr()
	text, _ := json.Marshal(config)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), nodeEnv+"="+string(text))
	cmd.Stderr = w.Scale.Logs
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	in := bufio.NewReader(out)
	line, err := in.ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		_ = cmd.Process.Kill()
		return errors.Join(fmt.Errorf("%s does not start: %q", config.Name, line), err, cmd.Wait())
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		w.listen(in)
	}()
	m.mu.Lock()
	m.addr, m.cmd, m.read = addr, cmd, read
	m.mu.Unlock()
	r, err := w.report(m, false)
	if err != nil {
		return err
	}
	life := &Life{Member: m, ID: r.Node, Report: r}
	w.mu.Lock()
	w.lives[r.Node] = life
	w.mu.Unlock()
	m.mu.Lock()
	m.life = life
	m.mu.Unlock()
	return nil
}

// Kill ends a node without a word.
func (w *World) Kill(m *Member) {
	w.buried(m)
	_ = m.cmd.Process.Kill()
	m.wait()
}

// wait waits until the process has ended, and all is read that it has said: Wait closes
// what it is read from.
func (m *Member) wait() {
	<-m.read
	_ = m.cmd.Wait()
}

// buried notes that the node of m is no more.
func (w *World) buried(m *Member) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life != nil {
		m.life.Dead = time.Now()
		m.life = nil
	}
}

// Signal sends a signal to a node.
func (m *Member) Signal(s syscall.Signal) { _ = m.cmd.Process.Signal(s) }

// Shutdown ends a node as its operator does, and looks what it has left behind.
func (w *World) Shutdown(m *Member) {
	life := m.Life()
	if life == nil {
		return
	}
	web := http.Client{Timeout: 20 * time.Second}
	r, err := web.Post("http://"+m.Addr()+"/shutdown", "", nil)
	if err != nil {
		w.Problem("I10: %s does not shut down: %v", m.Config.Name, err)
		w.Kill(m)
		return
	}
	var left node.Left
	err = json.NewDecoder(r.Body).Decode(&left)
	_ = r.Body.Close()
	w.buried(m)
	m.wait()
	w.mu.Lock()
	if err == nil {
		life.Report.Stats = left.Stats
	}
	w.mu.Unlock()
	if err != nil || left.Error != "" || left.Goroutines != "" {
		w.Problem("I10: %s after Shutdown: %v %s %s", m.Config.Name, err, left.Error, left.Goroutines)
	}
}

// report asks a node about itself.
func (w *World) report(m *Member, collect bool) (r node.Report, err error) {
	url := "http://" + m.Addr() + "/report"
	if collect {
		url += "?gc=1"
	}
	answer, err := w.web.Get(url)
	if err != nil {
		return r, err
	}
	defer answer.Body.Close()
	return r, json.NewDecoder(answer.Body).Decode(&r)
}
