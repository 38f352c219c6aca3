package cache_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// Files that have not changed for long are not read, neither to find out that a
// run has nothing to do nor behind one that changed nothing.
func TestSettledFilesAreNotRead(t *testing.T) {
	const size = 8 << 20
	for _, settled := range []bool{false, true} {
		p := newPlace(t)
		p.write("m/chat/long.go", strings.Repeat("/", size))
		if settled {
			p.settle()
		}
		p.run()
		for name, again := range map[string]func(){"a short run": func() { p.fresh() }, "one that changed nothing": p.run} {
			before := bytesRead(t)
			again()
			if took := bytesRead(t) - before; (took < size) != settled {
				t.Errorf("settled is %v, and %s reads %d bytes", settled, name, took)
			}
		}
	}
}

// One file that was written a moment ago has none of the others read.
func TestYoungFileIsReadAlone(t *testing.T) {
	const size = 8 << 20
	p := newPlace(t)
	p.write("m/chat/long.go", strings.Repeat("/", size))
	p.settle()
	p.run()
	p.write("m/chat/chat.go", "package chat\n")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(p.path("m/chat/chat.go"), later, later); err != nil {
		t.Fatal(err)
	}
	before := bytesRead(t)
	if !p.fresh() {
		t.Error("the run is not short")
	}
	if took := bytesRead(t) - before; took >= size {
		t.Errorf("it reads %d bytes", took)
	}
}

// bytesRead is how much this process has read so far.
func bytesRead(t *testing.T) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}
