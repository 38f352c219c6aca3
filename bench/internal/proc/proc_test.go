package proc

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestWhoWorksIsRead: a server may say that another process does its work.
func TestWhoWorksIsRead(t *testing.T) {
	s, err := StartServer(t.Context(), "wrapper", "", "sh", "-c", `echo "{\"addr\":\"a\",\"pid\":$PPID}"; read end`)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if s.pid != os.Getpid() || s.CPU() == 0 {
		t.Errorf("process %d is read, with %v; want %d", s.pid, s.CPU(), os.Getpid())
	}
}

// TestFreeze: a frozen process is stopped, and goes on when it is thawed.
func TestFreeze(t *testing.T) {
	p, err := Start(t.Context(), "echo", "", nil, "cat")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	if err := p.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := p.Send("hello"); err != nil {
		t.Fatal(err)
	}
	for { // the kernel stops it a moment later
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stat), ") T ") {
			break
		}
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Thaw(); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := p.Receive(&got, 0); err != nil || got != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}
