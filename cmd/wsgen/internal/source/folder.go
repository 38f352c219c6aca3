package source

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// folder is one folder of the module that holds Go files.
type folder struct {
	dir       string
	named     bool              // the command line names it, and ./... may not have it
	files     []string          // absolute paths, by name, without generated ones and tests
	tests     []string          // those tests that mention a directive
	allTests  []string          // all of them
	generated []string          // files that wsgen wrote
	foreign   []string          // files with such a name that wsgen did not write; the Go files of them are in files, too
	blocked   map[string]string // what has such a name and is no file: by path, what it is
	parked    []string          // files that mention a directive, and whose name keeps them out of every build
	mentions  bool              // some file has the text of a directive
	mention   map[string]bool
	mains     []string          // those of files that may be of a package main
	texts     map[string][]byte // what was read of files and tests, while it is needed
}

// add looks at one file.
func (f *folder) add(path, name string, generated mark.Files) error {
	if generated.Begins(path) {
		f.generated = append(f.generated, path)
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if generated.Named(name) && err == nil {
		if generated.Wrote(name, text) {
			f.generated = append(f.generated, path)
			return nil
		}
		f.foreign = append(f.foreign, path)
	}
	if !strings.HasSuffix(name, ".go") {
		return nil
	}
	if directive.Mentioned(text) {
		f.mentions, f.mention[path] = true, true
	}
	if err == nil {
		f.texts[path] = text
	}
	if !strings.HasSuffix(name, "_test.go") {
		f.files = append(f.files, path)
		if err != nil || bytes.Contains(text, []byte("main")) {
			f.mains = append(f.mains, path)
		}
		return nil
	}
	f.allTests = append(f.allTests, path)
	if f.mention[path] {
		f.tests = append(f.tests, path)
	}
	return nil
}

// toParse reports whether the files are parsed, and not only looked through: one has
// the text of a directive, or wsgen has written there.
func (f *folder) toParse() bool { return f.mentions || len(f.generated) > 0 }

// source is the text of a file for the parser; nil if it is to read the file.
func (f *folder) source(path string) any {
	if text, ok := f.texts[path]; ok {
		return text
	}
	return nil
}

// park notes a file whose name keeps it out of every build, if it has the text
// of a directive. It passes over a file that it cannot read.
func (f *folder) park(path string) {
	if text, err := os.ReadFile(path); err == nil && directive.Mentioned(text) {
		f.parked = append(f.parked, path)
	}
}
