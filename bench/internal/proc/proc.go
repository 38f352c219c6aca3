// Package proc starts the processes of a benchmark, talks to them and reads
// what they cost.
package proc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a running child. Its methods are for one goroutine.
type Process struct {
	name   string
	cmd    *exec.Cmd
	pid    int // of the process that does the work, which is read
	in     io.WriteCloser
	lines  chan []byte
	stderr tail
	ended  chan struct{}
}

// patience is how long a child may take to answer beyond what its task says,
// and to end.
const patience = 30 * time.Second

// Start runs a command that speaks lines of JSON. It is killed when ctx ends,
// and when this process does.
func Start(ctx context.Context, name, dir string, env []string, argv ...string) (*Process, error) {
	p := &Process{name: name, lines: make(chan []byte, 16), ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, argv[0], argv[1:]...)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	// A group of its own: Ctrl-C reaches the driver alone, which then ends
	// its children in order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = time.Second
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.pid = p.cmd.Process.Pid
	go p.read(out)
	return p, nil
}

// read passes on the lines of the child's output, and waits for its end.
func (p *Process) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.lines <- bytes.Clone(lines.Bytes())
	}
	_ = p.cmd.Wait()
	close(p.ended)
	close(p.lines)
}

// Receive decodes the child's next line into v.
func (p *Process) Receive(v any, limit time.Duration) error {
	select {
	case line, ok := <-p.lines:
		if !ok {
			return fmt.Errorf("%s has ended: %v\n%s", p.name, p.cmd.ProcessState, p.stderr.String())
		}
		if err := json.Unmarshal(line, v); err != nil {
			return fmt.Errorf("%s said %q: %w", p.name, line, err)
		}
		return nil
	case <-time.After(limit + patience):
		return fmt.Errorf("%s does not answer for %v\n%s", p.name, limit+patience, p.stderr.String())
	}
}

// Send writes v as a line.
func (p *Process) Send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%s: %w\n%s", p.name, err, p.stderr.String())
	}
	return nil
}

// Stop ends the child: by the end of its input, and by force if it does not.
func (p *Process) Stop() {
	_ = p.in.Close()
	go func() { // its last lines are of no interest
		for range p.lines {
		}
	}()
	select {
	case <-p.ended:
	case <-time.After(2 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// Freeze stops the child where it is, until Thaw.
func (p *Process) Freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (p *Process) Thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// Logged is how many lines the child wrote to its log, which is its stderr.
func (p *Process) Logged() int { return p.stderr.count() }

// CPU is the processor time, user and system, that the whole child has had.
func (p *Process) CPU() time.Duration {
	// The clock of another process: see CPUCLOCK_SCHED in the kernel's
	// posix-timers. It is exact, where /proc/PID/stat counts ticks.
	var ts unix.Timespec
	if unix.ClockGettime(int32(^p.pid)<<3|2, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// Memory returns the resident bytes of the child.
func (p *Process) Memory() (int64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", p.pid), "Rss:")
}

// Peak returns the most bytes that were resident since ResetPeak.
func (p *Process) Peak() (int64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/status", p.pid), "VmHWM:")
}

// ResetPeak lets Peak begin anew.
func (p *Process) ResetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.pid), []byte("5"), 0)
}

// kilobytes reads a line "Key:  123 kB" of a file in /proc.
func kilobytes(file, key string) (int64, error) {
	n, err := field(file, key)
	return n << 10, err
}

// field reads the number behind key in a file of /proc.
func field(file, key string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			var n int64
			_, err := fmt.Sscan(rest, &n)
			return n, err
		}
	}
	return 0, errors.New(file + " has no " + key)
}

// tail keeps the end of what is written to it, and counts lines.
type tail struct {
	mu    sync.Mutex
	text  []byte // guarded by mu
	lines int    // guarded by mu
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines += bytes.Count(b, []byte("\n"))
	t.text = append(t.text, b...)
	if n := len(t.text) - 2000; n > 0 {
		t.text = append(t.text[:0], t.text[n:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

func (t *tail) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lines
}
