package contract_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a document with a file: of Go, which the tests of the
// demo carry out, or of TypeScript, which these tests do.
var block = regexp.MustCompile("(?ms)^<!-- user ([a-z,]+): file (\\S+) -->\n```[a-z]+\n(.*?)^```$")

// document is the files that a document shows.
type document struct {
	name       string
	packages   map[string]string // of Go, but programs
	typescript map[string]string
}

// documents are those that have TypeScript to compile.
func documents(t *testing.T) (all []document) {
	t.Helper()
	names, err := filepath.Glob("../docs/guide/*.md")
	if err != nil || len(names) == 0 {
		t.Fatal("no guides", err)
	}
	for _, name := range append(names, "../README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d := document{strings.TrimSuffix(filepath.Base(name), ".md"), map[string]string{}, map[string]string{}}
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			switch file, code := m[2], m[3]; {
			case m[1] == "types":
				d.typescript[file] = code
			case strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") && !strings.Contains(code, "package main\n"):
				d.packages[file] = code
			}
		}
		if len(d.typescript) > 0 {
			all = append(all, d)
		}
	}
	return all
}

// TestGuides compiles the TypeScript of README and guides beside the client that
// wsgen writes of the gateways that they show. What it is called is what they import.
// TypeScript is started once: each file is a module, and knows only what it imports.
func TestGuides(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	all := documents(t)
	if len(all) < 2 {
		t.Errorf("only %d documents", len(all))
	}
	var files []string
	for _, d := range all {
		t.Run(d.name, func(t *testing.T) {
			folder := d.write(t, n)
			for name := range d.typescript {
				files = append(files, filepath.Join(folder, name))
			}
		})
	}
	if len(files) < len(all) {
		t.Fatalf("%d files of %d documents", len(files), len(all))
	}
	if _, err := n.compile("7.0", withDOM+`, "noEmit": true, "jsx": "react-jsx", "moduleDetection": "force"`, files...); err != nil {
		t.Error(err)
	}
}

var imported = regexp.MustCompile(`"\./(\w+\.gen)\.js"`)

// write writes the files of TypeScript and the client that they import into a folder
// of those that are compiled, and returns its name.
func (d document) write(t *testing.T, n *node) (folder string) {
	t.Helper()
	made, err := os.MkdirTemp(n.built, d.name+"-")
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Base(made)
	m := newModule(t, d.packages)
	for name, code := range d.typescript {
		n.write(t, filepath.Join(folder, name), code)
		for _, i := range imported.FindAllStringSubmatch(code, -1) {
			n.write(t, filepath.Join(folder, i[1]+".ts"), m.wsgen(i[1]+".ts", "-client.ts="+i[1]+".ts"))
		}
	}
	return folder
}
