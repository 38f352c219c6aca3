package cli

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// What a run takes after prepareMemory comes in huge pages, and nothing is held
// for it beforehand.
func TestPrepareMemory(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Log("this system has no huge pages:", err)
		return
	}
	prepareMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if stats.HeapAlloc > heapSize/2 {
		t.Errorf("%d MiB are held", stats.HeapAlloc>>20)
	}
	blocks := [][]byte{make([]byte, 8<<20), make([]byte, 8<<20), make([]byte, 8<<20)}
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(blocks, func(block []byte) bool { return inHugePages(t, string(maps), fmt.Sprintf("%p", block)) }) {
		t.Error("no block is in a part of the heap that may have huge pages")
	}
}

// inHugePages reports whether the mapping of an address has the flag hg.
func inHugePages(t *testing.T, maps, address string) bool {
	var at, from, to uint64
	if _, err := fmt.Sscanf(address, "0x%x", &at); err != nil {
		t.Fatal(err)
	}
	in := false
	for line := range strings.Lines(maps) {
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			in = from <= at && at < to
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && in {
			return slices.Contains(strings.Fields(flags), "hg")
		}
	}
	return false
}
