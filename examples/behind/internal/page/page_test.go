package page

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestFiles checks that the page shows the files of this module as they are, and
// all of the programs.
func TestFiles(t *testing.T) {
	var shown []string
	for _, b := range Blocks(t) {
		if b.Do != "file" {
			continue
		}
		shown = append(shown, b.Arg)
		file, err := os.ReadFile(filepath.Join(Root(t), "examples", "behind", filepath.FromSlash(b.Arg)))
		if err != nil {
			t.Error(err)
		} else if string(file) != b.Text {
			t.Errorf("%s is another file than the page shows:\n%s", b.Arg, b.Text)
		}
	}
	slices.Sort(shown)
	if want := []string{"chi/main.go", "echo/main.go", "feed/feed.go", "gin/main.go", "site/site.go"}; !slices.Equal(shown, want) {
		t.Errorf("the page shows %v, want %v", shown, want)
	}
}

// TestBlocks checks that no block is there without a test that asks for it.
func TestBlocks(t *testing.T) {
	known := []string{
		"nginx server", "nginx main", "haproxy all", "caddy site", "caddy log", "apache site", // package proxies
		"yaml deployment", "ini unit", // package site
	}
	for _, b := range Blocks(t) {
		if name := b.Do + " " + b.Arg; b.Do != "file" && !slices.Contains(known, name) {
			t.Errorf("no test asks for the block %s", name)
		}
	}
}
