package wsgen_test

import (
	"bytes"
	"go/format"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents lists the texts for readers.
func documents(t *testing.T) []string {
	t.Helper()
	out := []string{"README.md", "CONTRIBUTING.md"}
	for _, dir := range []string{"docs", "examples"} {
		err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
			if err == nil && path.Ext(name) == ".md" {
				out = append(out, filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, doc := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text(t, doc), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(path.Join(path.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}

var makeTarget = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")

func TestMakeTargetsExist(t *testing.T) {
	makefile := text(t, "Makefile")
	for _, doc := range documents(t) {
		for _, m := range makeTarget.FindAllStringSubmatch(text(t, doc), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+": ## ") {
				t.Errorf("%s says make %s, which is no target with a description", doc, m[1])
			}
		}
	}
}

// Code that a reader would paste is carried out by a test of the demo's
// module, package internal/packed, which knows it by the marker above it.
func TestCodeInDocumentsIsTested(t *testing.T) {
	guides, err := filepath.Glob("docs/guide/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, doc := range append(guides, "README.md") {
		lines := strings.Split(text(t, doc), "\n")
		for i := 0; i < len(lines); i++ {
			language, opens := strings.CutPrefix(lines[i], "```")
			if !opens {
				continue
			}
			first := i + 1
			for i++; i < len(lines) && lines[i] != "```"; i++ {
			}
			if language != "go" && language != "diff" {
				continue
			}
			if !strings.HasPrefix(lines[first-2], "<!-- user ") {
				t.Errorf("%s:%d: no marker above this block, so no test compiles it", doc, first)
			}
			code := []byte(strings.Join(lines[first:i], "\n") + "\n")
			if language == "diff" {
				continue
			}
			if formatted, err := format.Source(code); err != nil || !bytes.Equal(formatted, code) {
				t.Errorf("%s:%d: this block is not formatted: %v", doc, first, err)
			}
		}
	}
}
