package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wsgen/wsgen/examples/live/internal/livetest"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// binary is the path of the program, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	if os.Getenv(asHTTP2) != "" {
		return serveHTTP2()
	}
	dir, err := os.MkdirTemp("", "live")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "live")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	defer closeShared()
	return m.Run()
}

// process is the program as a user runs it.
type process struct {
	*exec.Cmd
	url    string
	stderr strings.Builder
}

// launch starts the program on addr and waits for its URL.
func launch(t *testing.T, addr string, env ...string) *process {
	t.Helper()
	p, stdout := command(t, addr, env...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	printed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		printed <- line
	}()
	select {
	case line := <-printed:
		p.url = regexp.MustCompile(`http://\S+`).FindString(line)
		if p.url == "" {
			t.Fatalf("no URL in %q\n%s", line, &p.stderr)
		}
		p.url = livetest.TapURL(t, p.url)
	case <-time.After(livetest.Patience):
		t.Fatal("no URL was printed")
	}
	return p
}

func command(t *testing.T, addr string, env ...string) (*process, io.Reader) {
	t.Helper()
	p := &process{Cmd: exec.Command(binary)}
	p.Env = append(append(os.Environ(), "ADDR="+addr), env...)
	p.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return p, stdout
}

// dial connects as wstest.DialURL does, with the patience of these tests.
func dial(t *testing.T, url string, o ...wstest.DialOption) *wstest.Conn {
	t.Helper()
	return wstest.DialURL(t, url, append(o, wstest.Patience(livetest.Patience))...)
}

func TestTheURLIsPrintedOnceItAccepts(t *testing.T) {
	p := launch(t, "127.0.0.1:0")
	response, err := http.Get(p.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}

// TestTheMetricsArePrintedToo checks that the second line has the address of the metrics.
func TestTheMetricsArePrintedToo(t *testing.T) {
	p, stdout := command(t, "127.0.0.1:0")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	lines := bufio.NewReader(stdout)
	_, _ = lines.ReadString('\n')
	second, _ := lines.ReadString('\n')
	response, err := http.Get(regexp.MustCompile(`http://\S+/metrics`).FindString(second))
	if err != nil {
		t.Fatalf("%q: %v", second, err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), "wsgen_server_connections 0\n") {
		t.Fatalf("%s\n%s", response.Status, body)
	}
}

func TestTermination(t *testing.T) {
	p := launch(t, "127.0.0.1:0")
	var clients []*wstest.Conn
	for _, path := range []string{"/ws", "/rooms", "/notify"} {
		for range 20 {
			clients = append(clients, dial(t, p.url+path))
		}
	}
	clients[20].Send("subscribe_updates", nil)
	stuck := hang(t, p.url) // takes nothing and never answers a Close

	start := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		c.ExpectClose(ws.CloseAway)
	}
	if passed := time.Since(start); passed > 5*time.Second {
		t.Errorf("the last client was told after %v, want 5 s at most", passed)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("exit: %v\n%s", err, &p.stderr)
	}
	if passed := time.Since(start); passed > 10*time.Second {
		t.Errorf("ended after %v, want 10 s at most", passed)
	}
	_ = stuck.Close()
}

// TestDrainingBeforeTermination has a long DRAIN, so that there is time to see the order of things.
func TestDrainingBeforeTermination(t *testing.T) {
	p := launch(t, "127.0.0.1:0", "DRAIN=1h")
	status := func(path string) int {
		response, err := http.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := status("/readyz"); got != http.StatusOK {
		t.Fatalf("/readyz: %d", got)
	}
	before := dial(t, p.url+"/ws")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	livetest.Eventually(t, "/readyz says 503", func() bool { return status("/readyz") == http.StatusServiceUnavailable })
	before.Call("presence", nil).OK()
	dial(t, p.url+"/ws").Call("presence", nil).OK()
	if got := status("/healthz"); got != http.StatusOK {
		t.Errorf("/healthz: %d", got)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	livetest.Eventually(t, "a second signal ends it at once", func() bool {
		_ = p.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			return err != nil
		default:
			return false
		}
	})
}

func TestDrainIsADuration(t *testing.T) {
	for _, drain := range []string{"soon", "-1s", "10"} {
		p, _ := command(t, "127.0.0.1:0", "DRAIN="+drain)
		err := p.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
			t.Errorf("DRAIN=%s: %v, want exit code 1", drain, err)
		}
		if !strings.Contains(p.stderr.String(), "DRAIN") {
			t.Errorf("DRAIN=%s: the message does not name it:\n%s", drain, &p.stderr)
		}
	}
}

// hang upgrades a connection by hand and then leaves it alone.
func hang(t *testing.T, url string) net.Conn {
	t.Helper()
	host := strings.TrimPrefix(url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", host)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response.Status)
	}
	return conn
}

func TestAddressInUse(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for addr, want := range map[string]string{
		listener.Addr().String(): "address already in use",
		"3004":                   "missing port",
		"127.0.0.1:port":         "port",
	} {
		p, stdout := command(t, addr)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		printed, _ := io.ReadAll(stdout)
		err := p.Wait()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
			t.Errorf("ADDR=%s: %v, want exit code 1", addr, err)
		}
		if len(printed) > 0 {
			t.Errorf("ADDR=%s printed %q", addr, printed)
		}
		for _, part := range []string{"ADDR=" + addr, want, "for example ADDR="} {
			if !strings.Contains(p.stderr.String(), part) {
				t.Errorf("ADDR=%s: the message does not name %q:\n%s", addr, part, &p.stderr)
			}
		}
	}
}

func TestDefaultAddress(t *testing.T) {
	p, stdout := command(t, "")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	_ = p.Process.Kill()
	_ = p.Wait()
	// Somebody may be running the demo just now; then the message names the address.
	if printed := line + p.stderr.String(); !strings.Contains(printed, "http://127.0.0.1:3004\n") &&
		!strings.Contains(printed, "ADDR=127.0.0.1:3004: ") {
		t.Fatalf("printed %q", printed)
	}
}

func TestURL(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:3004": "http://127.0.0.1:3004",
		"[::1]:80":       "http://[::1]:80",
		"0.0.0.0:3004":   "http://localhost:3004",
		"[::]:3004":      "http://localhost:3004",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := url(tcp); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
