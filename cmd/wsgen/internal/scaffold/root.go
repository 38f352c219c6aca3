package scaffold

import (
	"context"
	"encoding/json"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// CheckTest is the name of the test that runs wsgen check.
const CheckTest = "TestGeneratedFilesAreCurrent"

var (
	// generateLine finds a go:generate line that runs wsgen.
	generateLine = regexp.MustCompile(`(?m)^//go:generate .*\bwsgen\b`)
	// checkCall finds where a test runs wsgen check: its words, or one line.
	checkCall = regexp.MustCompile(`\bwsgen("?,? *")? *check\b`)
)

// Runs says what of a module runs wsgen.
type Runs struct {
	Generate bool // a go:generate line
	Check    bool // a test that runs wsgen check
}

// FindRuns looks for lines and tests that run wsgen in the files of the module at
// root. A file that no build has does not count.
func FindRuns(root string) (runs Runs, err error) {
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			if path != root && (name[0] == '.' || name[0] == '_' || name == "testdata" || name == "vendor" || name == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || !e.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		runs.Generate = runs.Generate || generateLine.Match(text) && built(path, "generate") // the tag that go generate sets
		runs.Check = runs.Check || strings.HasSuffix(name, "_test.go") && checkCall.Match(text) && built(path)
		return err
	})
	return runs, err
}

// systems are some that a file may be for, so that one which is in no build for
// any of them is there for something else.
var systems = [...][2]string{
	{"linux", "amd64"},
	{"windows", "amd64"},
	{"darwin", "arm64"},
	{"freebsd", "amd64"},
	{"linux", "arm64"},
	{"android", "arm64"},
	{"js", "wasm"},
	{"wasip1", "wasm"},
	{"plan9", "386"},
}

// built reports whether a file is in the build for some system, with tags.
func built(path string, tags ...string) bool {
	for _, s := range systems {
		for _, cgo := range []bool{true, false} {
			ctx := build.Default
			ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = s[0], s[1], cgo
			ctx.BuildTags = tags
			if ok, err := ctx.MatchFile(filepath.Dir(path), filepath.Base(path)); err == nil && ok {
				return true
			}
		}
	}
	return false
}

// listed is what go list says of a folder.
type listed struct {
	Name                                                         string
	GoFiles, CgoFiles, TestGoFiles, XTestGoFiles, IgnoredGoFiles []string
}

// RootPackage is the name of the package at the module's root: that which its
// files have for the go command, else that of files for another system. first says that
// it has no files but tests. It is "" if there is no package: then any is the user's to
// choose.
func (m Modfile) RootPackage(ctx context.Context) (name string, first bool, err error) {
	out, err := m.run(ctx, "list", "-e", "-find", "-json=Name,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles", ".")
	var has listed
	if err == nil {
		err = json.Unmarshal(out, &has)
	}
	if err != nil {
		return "", false, err
	}
	first = len(has.GoFiles)+len(has.CgoFiles) == 0
	if has.Name != "" && (!first || len(has.TestGoFiles)+len(has.XTestGoFiles) > 0) {
		return has.Name, first, nil
	}
	for _, file := range has.IgnoredGoFiles {
		path := filepath.Join(m.Dir, file)
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly)
		if err == nil && built(path) {
			return strings.TrimSuffix(f.Name.Name, "_test"), false, nil
		}
	}
	return "", true, nil
}

// FreeTest is CheckTest, or a name like it where the tests at the module's root
// have a function of that name.
func FreeTest(root string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, "*_test.go"))
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	name := CheckTest
	for n := 2; strings.Contains(all.String(), "func "+name+"("); n++ {
		name = CheckTest + strconv.Itoa(n)
	}
	return name, nil
}
