package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wsgen": func() { os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, os.Args[1:])) },
	})
}

// TestScripts are terminal sessions of a user whose module builds against the
// real runtime, this repository's.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dependOn(t, filepath.Join(root, "runtime"))
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
				value, err := goEnv(name)
				if err != nil {
					return err
				}
				env.Setenv(name, value)
			}
			env.Setenv("WSGEN", root)
			env.Setenv("EXE", "")
			if runtime.GOOS == "windows" {
				env.Setenv("EXE", ".exe")
			}
			env.Setenv("GOFLAGS", "-trimpath") // the build cache has what other folders have built
			env.Setenv("GOPROXY", "off")
			env.Setenv("GOSUMDB", "off")
			env.Setenv("GOWORK", "off")
			env.Setenv("GOTOOLCHAIN", "local")
			env.Setenv("NO_COLOR", "1")
			for _, name := range []string{"XDG_CACHE_HOME", "LocalAppData"} { // where wsgen keeps its cache
				env.Setenv(name, filepath.Join(env.WorkDir, ".cache"))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"module":     func(ts *testscript.TestScript, neg bool, args []string) { moduleCommand(ts, neg, args, root) },
			"countinggo": countingGo,
			"serve":      serveCommand,
			"talk":       talkCommand,
			"until":      untilCommand,
		},
	})
}

// dependOn looks at every file of dir: go test takes a cached result unless a
// file that the test itself looked at has changed, and does not see what the
// go commands of the scripts read.
func dependOn(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		_, err = os.Stat(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// moduleCommand writes go.mod and go.sum of a user's module:
//
//	module path [extra line of go.mod ...]
//
// It requires what this repository requires, as go get would have added it.
func moduleCommand(ts *testscript.TestScript, neg bool, args []string, root string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: module path [extra line of go.mod ...]")
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	ts.Check(err)
	rest, ok := strings.CutPrefix(string(mod), "module github.com/wsgen/wsgen\n")
	if !ok {
		ts.Fatalf("go.mod does not begin with its module line")
	}
	text := fmt.Sprintf("module %s\n\nrequire github.com/wsgen/wsgen v0.1.0\n\nreplace github.com/wsgen/wsgen => %s\n\n%s\n%s\n",
		args[0], filepath.ToSlash(root), strings.Join(args[1:], "\n"), rest)
	ts.Check(os.WriteFile(ts.MkAbs("go.mod"), []byte(text), 0o666))

	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("go.sum"), sum, 0o666))
}

// countingGo puts a go command into PATH that writes a line into a file whenever
// it is started, and is Go's own otherwise:
//
//	countinggo file
func countingGo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: countinggo file")
	}
	root, err := goEnv("GOROOT")
	ts.Check(err)
	version, err := os.ReadFile(filepath.Join(root, "VERSION"))
	ts.Check(err)
	fake := ts.MkAbs(".goroot")
	ts.Check(os.MkdirAll(filepath.Join(fake, "bin"), 0o777))
	ts.Check(os.WriteFile(filepath.Join(fake, "VERSION"), version, 0o666))
	script := fmt.Sprintf("#!/bin/sh\necho started >>'%s'\nexec '%s' \"$@\"\n", ts.MkAbs(args[0]), filepath.Join(root, "bin", "go"))
	ts.Check(os.WriteFile(filepath.Join(fake, "bin", "go"), []byte(script), 0o777))
	ts.Setenv("PATH", filepath.Join(fake, "bin")+string(os.PathListSeparator)+ts.Getenv("PATH"))
}

// untilCommand waits until files are there, or one of them has a line with a
// text:
//
//	until exists file ...
//	until grep text file
func untilCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[0] == "grep" && len(args) != 3 {
		ts.Fatalf("usage: until exists file ... | until grep text file")
	}
	holds := func() bool {
		if args[0] == "grep" {
			text, err := os.ReadFile(ts.MkAbs(args[2]))
			return err == nil && strings.Contains(string(text), args[1])
		}
		for _, name := range args[1:] {
			if _, err := os.Stat(ts.MkAbs(name)); err != nil {
				return false
			}
		}
		return true
	}
	late := time.After(time.Minute)
	for !holds() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			ts.Fatalf("until %s: it does not happen", strings.Join(args, " "))
		}
	}
}

// goEnv is a setting of the go command: GOCACHE, GOMODCACHE or GOROOT.
func goEnv(name string) (string, error) {
	all, err := goEnvs()
	return all[name], err
}

// goEnvs asks once: each run of wsgen in these tests needs two of them.
var goEnvs = sync.OnceValues(func() (all map[string]string, err error) {
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOROOT").Output()
	if err == nil {
		err = json.Unmarshal(out, &all)
	}
	return all, err
})
