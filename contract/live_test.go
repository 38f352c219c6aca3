package contract_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLive: a client that is generated speaks to the server that the same source
// serves. One of older source does, too, and is told of it.
func TestLive(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	source := archive(t, "testdata/live.txtar")
	m, older := newModule(t, source), newModule(t, source)
	const member = "`json:\"reply,omitempty\"`\n"
	older.write("live/live.go", strings.Replace(source["live/live.go"], member, member+"\tOlder bool `json:\"older,omitempty\"`\n", 1))
	files := map[string]string{
		"live.gen.ts":  m.wsgen("live.gen.ts", "-client.ts=live.gen.ts"),
		"older.gen.ts": older.wsgen("older.gen.ts", "-client.ts=older.gen.ts"),
	}
	program, err := os.ReadFile("testdata/live.ts")
	if err != nil {
		t.Fatal(err)
	}
	files["live.ts"] = string(program)
	folder, err := os.MkdirTemp(n.built, "live-")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := n.compile("7.0", withNode, filepath.Join(filepath.Base(folder), "live.ts"))
	if err != nil {
		t.Fatal(err)
	}
	url := m.serve()
	printed, err := n.run(n.exe, filepath.Join(out, filepath.Base(folder), "live.js"), url)
	if err != nil {
		t.Fatal(err)
	}
	outcomes(t, strings.TrimSpace(printed), 9)
}

// serve builds the module's program and starts it. It prints where it serves, and
// ends with its input.
func (m module) serve() (url string) {
	m.t.Helper()
	exe := filepath.Join(m.dir, "live.exe")
	if _, err := goCommand(m.dir, "go", "build", "-o", exe, ".").run(); err != nil {
		m.t.Fatal(err)
	}
	cmd := goCommand(m.dir, exe).Cmd
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	m.t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			m.t.Errorf("the server: %v\n%s", err, said.String())
		}
		late.Stop()
	})
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		m.t.Fatalf("the server says nothing: %v", err)
	}
	return strings.TrimSpace(url)
}
