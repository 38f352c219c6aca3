// Command redis-engine runs a redis-server that keeps nothing, on a free port of the
// loopback, and ends it with its own end.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/peer"
)

// patience is how long redis-server may take to listen.
const patience = 10 * time.Second

func main() { peer.Fail(run()) }

func run() error {
	// The child is killed with the thread that began it.
	runtime.LockOSThread()
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	program, err := exec.LookPath(name)
	if err != nil {
		return errors.Join(peer.Hold(control.Ready{Error: "no redis-server here; install it, or set REDIS_SERVER to its path"}, ""), err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	addr, err := free()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.CommandContext(context.Background(), program, "--bind", "127.0.0.1", "--port", port, "--dir", filepath.Dir(self), // the driver removes it
		"--save", "", "--appendonly", "no")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if err := listens(addr); err != nil {
		return err
	}
	return peer.Hold(control.Ready{Addr: addr, Pid: cmd.Process.Pid, Version: version(program)}, "")
}

// free returns an address of the loopback that nobody listens at.
func free() (string, error) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// listens returns when somebody listens at addr.
func listens(addr string) error {
	for end := time.Now().Add(patience); ; {
		c, err := new(net.Dialer).DialContext(context.Background(), "tcp", addr)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(end) {
			return fmt.Errorf("redis-server does not listen for %v: %w", patience, err)
		}
		time.Sleep(time.Millisecond)
	}
}

// version asks the program which one it is.
func version(program string) string {
	out, _ := exec.CommandContext(context.Background(), program, "--version").Output()
	m := regexp.MustCompile(`v=(\S+)`).FindSubmatch(out)
	if m == nil {
		return strconv.Quote(string(out))
	}
	return string(m[1])
}
