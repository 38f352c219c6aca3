package packed

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long anything may take that this test waits for.
const patience = 2 * time.Minute

// readmeAddr is where the documents' programs listen, and tlsAddr where those with
// TLS do. Nothing else is not taken to the letter: a free port replaces them.
const (
	readmeAddr = "127.0.0.1:8080"
	tlsAddr    = "127.0.0.1:8443"
)

// user carries out the steps of a document in a folder of their own.
type user struct {
	dir    string
	env    []string
	addr   string
	failed string // what the last "fails" step printed
	stop   func() // ends the program of the last "serve" step
	served step   // that step

	printed *string // what the last line of the last "sh" step printed; nil: it was left out
}

func newUser(t *testing.T, env []string) *user {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u := &user{dir: t.TempDir(), env: env, addr: l.Addr().String(), stop: func() {}}
	t.Cleanup(func() { u.stop() })
	return u
}

func (u *user) do(t *testing.T, s step) {
	t.Helper()
	began := time.Now()
	defer func() { t.Logf("%s: %s %s: %s", s.at, s.do, s.arg, time.Since(began).Round(time.Millisecond)) }()
	text := strings.NewReplacer(readmeAddr, u.addr, tlsAddr, u.addr).Replace(s.text)
	switch s.do {
	case "sh":
		u.shell(t, s, text)
	case "prints":
		if u.printed != nil && !matches(strings.TrimSpace(text), strings.TrimSpace(*u.printed)) {
			t.Errorf("%s: the document shows\n%s\nand it prints\n%s", s.at, text, *u.printed)
		}
	case "file":
		u.write(t, s.arg, text)
	case "edit":
		u.edit(t, s, text)
	case "holds":
		if file := u.files(t)[s.arg]; !strings.Contains(file, "\n"+text) {
			t.Errorf("%s: the document shows\n%s\nand %s is\n%s", s.at, text, s.arg, file)
		}
	case "serve":
		u.serve(t, s, text)
	case "talk":
		u.talk(t, s)
	case "console":
		u.console(t, s, text)
	case "fails":
		out, err := try(t.Context(), u.dir, u.env, "sh", "-ec", text)
		if err == nil {
			t.Fatalf("%s: these lines should fail:\n%s", s.at, text)
		}
		u.failed = out
		t.Logf("$ %s%s", text, out)
	case "says":
		if !matches(strings.TrimSpace(text)+"…", u.failed) {
			t.Errorf("%s: the document shows\n%s\nand it prints\n%s", s.at, text, u.failed)
		}
	default:
		t.Fatalf("%s: unknown step %q", s.at, s.do)
	}
}

// shell runs lines. It runs go generate twice, and the second run must change nothing.
func (u *user) shell(t *testing.T, s step, lines string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		if name, _, _ := strings.Cut(line, " "); (name == "curl" || name == "node") && lacks(t, name) {
			u.printed = nil
			continue
		}
		out, err := try(t.Context(), u.dir, append(slices.Clone(u.env), nodeOptions(t, line)...), "sh", "-ec", line)
		if err != nil {
			t.Fatalf("%s: %s: %v\n%s", s.at, strings.TrimSpace(line), err, out)
		}
		t.Logf("$ %s%s", line, out)
		u.printed = &out
		if !strings.HasPrefix(line, "go generate") {
			continue
		}
		before := u.files(t)
		run(t, u.dir, u.env, "sh", "-ec", line)
		for name, text := range u.files(t) {
			if before[name] != text {
				t.Errorf("%s: a second %s changes %s", s.at, strings.TrimSpace(line), name)
			}
		}
	}
}

// nodeOptions is what a line that runs Node needs beside it: before version 22 a flag
// gives WebSocket to programs.
func nodeOptions(t *testing.T, line string) []string {
	t.Helper()
	if !strings.HasPrefix(line, "node ") {
		return nil
	}
	version := strings.TrimSpace(run(t, "", nil, "node", "-p", "parseInt(process.versions.node)"))
	if n, err := strconv.Atoi(version); err == nil && n < 22 {
		return []string{"NODE_OPTIONS=--experimental-websocket --no-warnings"}
	}
	return nil
}

// lacks reports whether a command that this repository does not ask for is not
// here. In CI nothing is left out.
func lacks(t *testing.T, name string) bool {
	t.Helper()
	_, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Logf("a line is left out: %v", err)
	}
	return err != nil
}

func (u *user) write(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join(u.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// edit changes a file as a diff without line numbers says: its lines of
// context and those with - stand in the file once, together.
func (u *user) edit(t *testing.T, s step, diff string) {
	t.Helper()
	var from, to strings.Builder
	for line := range strings.Lines(diff) {
		if line[0] != '+' {
			from.WriteString(line[1:])
		}
		if line[0] != '-' {
			to.WriteString(line[1:])
		}
	}
	text := u.files(t)[s.arg]
	if strings.Count(text, from.String()) != 1 {
		t.Fatalf("%s: these lines do not stand once in %s:\n%s", s.at, s.arg, from.String())
	}
	u.write(t, s.arg, strings.Replace(text, from.String(), to.String(), 1))
}

// files is the whole folder: text by path.
func (u *user) files(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(u.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(u.dir, name))
		out[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// serve starts the one line and waits until the path answers. A gateway answers a
// plain request by saying that it wants a WebSocket.
func (u *user) serve(t *testing.T, s step, line string) {
	t.Helper()
	u.stop()
	u.served = s
	var out output
	cmd := exec.Command("sh", "-ec", "exec env "+line)
	cmd.Dir, cmd.Env = u.dir, append(os.Environ(), u.env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", s.at, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	u.stop = sync.OnceFunc(func() {
		killGroup(cmd)
		<-ended
		ended <- nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for tick := time.Tick(50 * time.Millisecond); ; {
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.addr+s.arg, nil)
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusNotFound {
				t.Fatalf("%s: nothing is served at %s", s.at, s.arg)
			}
			return
		}
		select {
		case <-tick:
		case err := <-ended:
			ended <- err
			t.Fatalf("%s: the program ended: %v\n%s", s.at, err, &out)
		case <-ctx.Done():
			t.Fatalf("%s: nothing listens at %s\n%s", s.at, u.addr, &out)
		}
	}
}

// talk sends the lines that start with > and waits for those that start with <
// in their order. A … in them stands for any text. Pushes that the document does
// not show may come in between.
func (u *user) talk(t *testing.T, s step) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+u.addr+s.arg, nil)
	if err != nil {
		t.Fatalf("%s: %v", s.at, err)
	}
	defer conn.CloseNow()
	for line := range strings.Lines(s.text) {
		line = strings.TrimSuffix(line, "\n")
		if frame, ok := strings.CutPrefix(line, "> "); ok {
			if err := conn.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
				t.Fatalf("%s: %v", s.at, err)
			}
			continue
		}
		want, ok := strings.CutPrefix(line, "< ")
		if !ok {
			t.Fatalf("%s: neither > nor <: %s", s.at, line)
		}
		var seen []string
		for {
			_, data, err := conn.Read(ctx)
			if err != nil {
				t.Fatalf("%s: waiting for %s: %v; received\n%s", s.at, want, err, strings.Join(seen, "\n"))
			}
			if matches(want, string(data)) {
				break
			}
			if seen = append(seen, string(data)); !push(string(data)) {
				t.Fatalf("%s: got %s\nwant %s", s.at, data, want)
			}
		}
	}
}

// push reports whether a frame came unasked.
func push(frame string) bool {
	return !strings.Contains(frame, `"id":`) && !strings.HasPrefix(frame, `{"event":"error"`)
}

// matches compares a frame with a line in which … stands for any text.
func matches(want, got string) bool {
	parts := strings.Split(want, "…")
	if len(parts) == 1 {
		return want == got
	}
	rest, ok := strings.CutPrefix(got, parts[0])
	for _, p := range parts[1 : len(parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, p)
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{"abc", "abc", true},
		{"abc", "abcd", false},
		{"a…c", "abbc", true},
		{"a…c", "ac", true},
		{"a…c", "acd", false},
		{"a…c…e", "abcde", true},
		{"a…c…e", "abde", false},
	} {
		if matches(c.want, c.got) != c.ok {
			t.Errorf("matches(%q, %q) is not %v", c.want, c.got, c.ok)
		}
	}
}

// output is what a running program prints.
type output struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return fmt.Sprintf("it printed:\n%s", o.text.String())
}
