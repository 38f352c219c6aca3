//go:build unix

package proxies

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/behind/internal/visitor"
)

// kind is a proxy that a distribution has.
type kind struct {
	name     string
	commands []string // what distributions call it
	version  []string
	// config is the whole configuration around that of the page.
	config func(t *testing.T, p *proxy) string
	start  func(p *proxy) []string
	reload func(t *testing.T, p *proxy)

	forwarded       []string // what becomes of a forged X-Forwarded-For of two lines
	logged          string   // in the log of a handshake
	hostLine        string   // hands on the Host header; "": that needs none
	neverCuts       bool     // has no timeout for a connection that is silent
	logsHeaders     bool     // its usual log has the headers of requests
	closesAtReload  bool     // closes all connections at a reload
	endsOldOnes     bool     // has a time that connections outlive a reload
	keepsPlaces     bool     // connections from before a reload keep their places
	few             string   // configures few places
	refusesWhenFull bool     // refuses a connection that it has no place for
}

// proxy is one that runs.
type proxy struct {
	kind     kind
	command  string
	version  string
	dir      string
	change   *strings.Replacer // of the page's text
	backend  string
	addr     string // where it listens
	marker   string // where it listens as well after the first reload
	changed  bool
	full     bool // it has few places
	plainLog bool // its usual log, in place of the page's
	process  *exec.Cmd
}

// places is how many there are in a proxy that is run with few.
const (
	few    = "few places"
	places = 8
)

// find returns the path of one of the commands; "" if there is none.
func find(commands []string) string {
	for _, name := range commands {
		for _, name := range []string{name, filepath.Join("/usr/sbin", name)} {
			if path, err := exec.LookPath(name); err == nil {
				return path
			}
		}
	}
	return ""
}

// free returns an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// run starts a proxy of this kind in front of a backend, for as long as the test
// lasts. The pairs are old and new texts of the page's configuration.
func run(t *testing.T, k kind, backend string, pairs ...string) *proxy {
	t.Helper()
	p := &proxy{kind: k, command: find(k.commands), dir: t.TempDir(), backend: backend, addr: free(t), marker: free(t)}
	p.plainLog, p.full = len(pairs) > 0, slices.Contains(pairs, few)
	p.change = strings.NewReplacer(append(pairs, "127.0.0.1:8080", backend)...)
	if err := os.MkdirAll(p.path("tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Dir(p.dir), p.dir, p.path("tmp")} {
		own(t, dir)
	}
	p.version, _, _ = strings.Cut(p.do(t, k.version...), "\n")
	p.write(t)
	p.process = p.cmd(k.start(p)...)
	said, err := os.Create(p.path("out"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	p.process.Stdout, p.process.Stderr = said, said
	p.process.SysProcAttr.Setpgid = true
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	visitor.Eventually(t, k.name+" listens", func() bool { return listens(p.addr) })
	return p
}

func (p *proxy) path(name string) string { return filepath.Join(p.dir, name) }

// port returns the port of an address.
func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// write writes the configuration.
func (p *proxy) write(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(p.path("config"), []byte(p.kind.config(t, p)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// cmd is a run of the proxy's command. None runs as root.
func (p *proxy) cmd(args ...string) *exec.Cmd {
	c := exec.Command(p.command, args...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), "HOME="+p.dir, "XDG_DATA_HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir)
	c.SysProcAttr = &syscall.SysProcAttr{}
	if uid, gid, ok := nobody(); ok {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	return c
}

// nobody is who the proxies run as; false if this process is not root.
func nobody() (uid, gid uint32, ok bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	who, err := user.Lookup("nobody")
	if err != nil {
		return 0, 0, false
	}
	u, _ := strconv.ParseUint(who.Uid, 10, 32)
	g, _ := strconv.ParseUint(who.Gid, 10, 32)
	return uint32(u), uint32(g), true
}

// own gives a folder to nobody.
func own(t *testing.T, dir string) {
	t.Helper()
	if uid, gid, ok := nobody(); ok {
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
}

// do runs the proxy's command to its end and returns what it said.
func (p *proxy) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.cmd(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", p.command, args, err, out)
	}
	return string(out)
}

// renew changes the configuration, has it reloaded, and waits until the new one is
// in force: it listens on one more address.
func (p *proxy) renew(t *testing.T) {
	t.Helper()
	p.changed = true
	p.write(t)
	asked := time.Time{}
	visitor.Eventually(t, p.kind.name+" has reloaded", func() bool {
		if time.Since(asked) > time.Second { // HAProxy loses a signal that comes while its master starts
			p.kind.reload(t, p)
			asked = time.Now()
		}
		return listens(p.marker)
	})
}

// listens reports whether somebody takes connections at addr.
func listens(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// stop ends the proxy with all of its processes.
func (p *proxy) stop(t *testing.T) {
	pid := p.process.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGTERM) // so that it waits for its workers itself
	slow := time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	_ = p.process.Wait()
	slow.Stop()
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	if t.Failed() {
		t.Logf("%s\n%s", p.version, p.log())
	}
}

// log is what it has written into its logs, and said.
func (p *proxy) log() string {
	var all strings.Builder
	for _, name := range []string{"access.log", "error.log", "out"} {
		text, _ := os.ReadFile(p.path(name))
		fmt.Fprintf(&all, "%s:\n%s", name, text)
	}
	return all.String()
}

// host is the page's, with a port, which must not get lost.
func (p *proxy) host() string { return "app.example.com:" + port(p.addr) }

// url is that of a gateway behind the proxy.
func (p *proxy) url(path string) string { return "ws://" + p.addr + path }
