// Package page reads blocks of docs/guide/production.md, so that a test carries out
// what the page shows, and nothing else.
package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Name is the page, from the repository's root.
const Name = "docs/guide/production.md"

// Block is a fenced block with a marker in the line above it:
//
//	<!-- user behind: file site/site.go -->
type Block struct{ Do, Arg, Text string }

var marked = regexp.MustCompile("(?m)^<!-- user behind: ([a-z]+) (\\S+) -->\n```.*\n((?:[^`].*\n|\n)*)```$")

// Root is the repository's root.
func Root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd() // a test's is that of its package
	if err != nil {
		t.Fatal(err)
	}
	for !there(filepath.Join(dir, filepath.FromSlash(Name))) {
		if dir == filepath.Dir(dir) {
			t.Fatalf("no folder above has %s", Name)
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

func there(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Text returns the whole page.
func Text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), filepath.FromSlash(Name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Blocks returns the blocks in their order.
func Blocks(t *testing.T) (all []Block) {
	t.Helper()
	text := Text(t)
	for _, m := range marked.FindAllStringSubmatch(text, -1) {
		all = append(all, Block{m[1], m[2], m[3]})
	}
	if n := strings.Count(text, "<!-- user behind: "); n != len(all) || n == 0 {
		t.Fatalf("%s has %d markers and %d blocks below them", Name, n, len(all))
	}
	return all
}

// Find returns the text of the one block with this marker.
func Find(t *testing.T, do, arg string) string {
	t.Helper()
	var found []string
	for _, b := range Blocks(t) {
		if b.Do == do && b.Arg == arg {
			found = append(found, b.Text)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d blocks %s %s", Name, len(found), do, arg)
	}
	return found[0]
}
