package shape

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long anything may take that this test waits for.
const patience = 2 * time.Minute

// TestProject generates, wires, builds and runs the desk, and talks to each of
// its events. A second run of wsgen, which then reads what wire wrote, changes
// nothing.
func TestProject(t *testing.T) {
	dir := project(t)
	run(t, dir, "go", "tool", "wsgen", "./...")
	run(t, dir, "go", "tool", "wire", "./...")
	files := generated(t, dir)
	if len(files) != 9 {
		t.Fatalf("%d generated files", len(files))
	}
	run(t, dir, "go", "tool", "wsgen", "./...")
	for name, text := range generated(t, dir) {
		if files[name] != text {
			t.Errorf("a second run changes %s", name)
		}
	}
	run(t, dir, "go", "vet", "./...")
	run(t, dir, "go", "build", "-o", "desk.exe", ".")

	talk, err := os.ReadFile("testdata/talk.txt")
	if err != nil {
		t.Fatal(err)
	}
	events := 0
	for name, text := range files {
		for _, m := range regexp.MustCompile(`\{Event: ("[^"]+")`).FindAllStringSubmatch(text, -1) {
			events++
			if !strings.Contains(string(talk), `> {"event":`+m[1]) {
				t.Errorf("%s: nobody talks to %s", name, m[1])
			}
		}
	}
	if events < 40 {
		t.Errorf("the project has %d events", events)
	}
	address := serve(t, dir)
	refused(t, address)
	for block := range strings.SplitSeq(string(talk), "\n\n") {
		if path, lines, _ := strings.Cut(block, "\n"); path[0] == '/' {
			converse(t, address, path, slices.Collect(strings.Lines(lines)))
		}
	}
}

// project copies the desk to a folder, as a module that builds against this tree.
func project(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/desk")); err != nil {
		t.Fatal(err)
	}
	live, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(live, name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), "module github.com/wsgen/wsgen/examples/live\n", "module example.com/desk\n", 1)
		text = strings.ReplaceAll(text, "=> ../..", "=> "+filepath.ToSlash(filepath.Join(live, "../..")))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// generated are the files of wsgen and wire, by path.
func generated(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"*/ws_gen.go", "*/ws_wire_gen.go", "*/wire_gen.go"} {
		paths, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[path] = string(data)
		}
	}
	return files
}

func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off", "GOTOOLCHAIN=local")
	return cmd
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began := time.Now()
	out, err := command(ctx, dir, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	t.Logf("%s %s: %s", name, strings.Join(args, " "), time.Since(began).Round(time.Millisecond))
}

// serve runs the desk until the test ends, and returns where it listens.
func serve(t *testing.T, dir string) (address string) {
	t.Helper()
	cmd := command(t.Context(), dir, filepath.Join(dir, "desk.exe"))
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the test's context has ended, and with it the process
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the desk printed:\n%s", &said)
		}
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the desk does not say where it listens")
	}
	return lines.Text()
}

// refused tries what guards refuse before there is a connection.
func refused(t *testing.T, address string) {
	t.Helper()
	for _, c := range []struct {
		path, header string
		status       int
	}{
		{"/v1/chat", "X-None", http.StatusUnauthorized},
		{"/market?token=t-eve", "X-None", http.StatusUnauthorized},
		{"/market?token=t-ann", "X-Banned", http.StatusForbidden},
		{"/inbox/ann", "X-Banned", http.StatusForbidden},
		{"/admin?password=x", "X-None", http.StatusUnauthorized},
		{"/chat?token=t-ann", "X-None", http.StatusNotFound},
	} {
		_, res, err := websocket.Dial(t.Context(), "ws://"+address+c.path, &websocket.DialOptions{HTTPHeader: http.Header{c.header: {"1"}}})
		if err == nil || res == nil || res.StatusCode != c.status {
			t.Errorf("%s with %s: %v %v, want status %d", c.path, c.header, res, err, c.status)
		}
	}
}

// converse carries out one conversation.
func converse(t *testing.T, address, path string, lines []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+address+path, nil)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer conn.CloseNow()
	for i := 0; i < len(lines); {
		switch said := strings.TrimSuffix(lines[i][2:], "\n"); lines[i][0] {
		case '>':
			err = conn.Write(ctx, websocket.MessageText, []byte(said))
			i++
		case '!':
			err = post(ctx, "http://"+address+said)
			i++
		case '<':
			n := i
			for n < len(lines) && lines[n][0] == '<' {
				n++
			}
			err = receive(ctx, conn, slices.Clone(lines[i:n]))
			i = n
		}
		if err != nil {
			t.Errorf("%s, around line %d, %s: %v", path, i, lines[i-1], err)
			return
		}
	}
	_ = conn.Close(websocket.StatusNormalClosure, "") // the desk may have closed it
}

func post(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// receive reads as many frames as are wanted, each of which is one of them.
func receive(ctx context.Context, conn *websocket.Conn, want []string) error {
	for len(want) > 0 {
		got := ""
		_, data, err := conn.Read(ctx)
		if closed, ok := errors.AsType[websocket.CloseError](err); ok {
			got = fmt.Sprintf("closed %d %s", closed.Code, closed.Reason)
		} else if err != nil {
			return fmt.Errorf("waiting for %s: %w", want, err)
		} else {
			got = string(data)
		}
		i := slices.IndexFunc(want, func(line string) bool { return matches(strings.TrimSpace(line[2:]), got) })
		if i < 0 {
			return fmt.Errorf("got %s, want %s", got, want)
		}
		want = slices.Delete(want, i, i+1)
	}
	return nil
}

// matches compares a frame with a line in which … stands for any text.
func matches(line, frame string) bool {
	var parts []string
	for part := range strings.SplitSeq(line, "…") {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(frame)
}
