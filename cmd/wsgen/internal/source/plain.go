package source

import (
	"bytes"
	"go/build"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/tools/go/packages"
)

// plain lists the packages of folders as the go command would for the target t,
// in a small part of the time. ok is false if the go command might see anything
// there otherwise.
func (t target) plain(m Module, folders []*folder) (found map[string]*packages.Package, ok bool) {
	if !t.sure || m.Go == "" || m.Path == "std" || m.Path == "cmd" {
		return nil, false
	}
	found = make(map[string]*packages.Package, len(folders))
	for _, f := range folders {
		rel, err := filepath.Rel(m.Dir, f.dir)
		if err != nil || strings.ContainsFunc(rel, unusual) && rel != "." || vendored(rel) {
			return nil, false
		}
		p, err := t.importFolder(f)
		if err != nil || !onlyGo(p) {
			return nil, false
		}
		found[f.dir] = &packages.Package{
			ID: m.importPath(f.dir), PkgPath: m.importPath(f.dir), Name: p.Name, Dir: f.dir,
			GoFiles: in(f.dir, p.GoFiles), IgnoredFiles: in(f.dir, p.IgnoredGoFiles),
			Module: &packages.Module{Path: m.Path, Dir: m.Dir, Main: true, GoVersion: m.Go},
		}
	}
	return found, true
}

// importFolder is what go/build says of the files of a folder. It leaves out those
// that wsgen wrote, in whatever state they are.
func (t target) importFolder(f *folder) (*build.Package, error) {
	ctx := t.Context
	ctx.ReadDir = func(dir string) ([]fs.FileInfo, error) {
		entries, err := os.ReadDir(dir)
		var infos []fs.FileInfo
		for _, e := range entries {
			if !slices.Contains(f.generated, filepath.Join(dir, e.Name())) {
				infos = append(infos, entry{e})
			}
		}
		return infos, err
	}
	ctx.OpenFile = func(path string) (io.ReadCloser, error) {
		if text, ok := f.texts[path]; ok {
			return io.NopCloser(bytes.NewReader(text)), nil
		}
		return os.Open(path)
	}
	return ctx.ImportDir(f.dir, 0)
}

// entry answers what go/build asks about a file before it reads it.
type entry struct{ fs.DirEntry }

func (e entry) Mode() fs.FileMode { return e.Type() }

func (entry) Size() int64 { return 0 }

func (entry) ModTime() time.Time { return time.Time{} }

func (entry) Sys() any { return nil }

// vendored reports whether a path stands below a folder called vendor.
func vendored(rel string) bool {
	return strings.Contains("/"+filepath.ToSlash(rel), "/vendor/")
}

// unusual reports whether an import path may not have c, or not everywhere.
func unusual(c rune) bool {
	return (c < 'a' || 'z' < c) && (c < 'A' || 'Z' < c) && (c < '0' || '9' < c) && c != '_' && c != '-' && c != filepath.Separator
}

// onlyGo reports whether a package has Go files only, without cgo. For all others
// the go command has rules of its own.
func onlyGo(p *build.Package) bool {
	for _, files := range [][]string{
		p.CgoFiles, p.CFiles, p.CXXFiles, p.MFiles, p.HFiles, p.FFiles, p.SFiles,
		p.SwigFiles, p.SwigCXXFiles, p.SysoFiles, p.IgnoredOtherFiles, p.InvalidGoFiles,
	} {
		if len(files) > 0 {
			return false
		}
	}
	return true
}

func in(dir string, names []string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join(dir, name)
	}
	return paths
}

// target asks the go command what it builds for: GOOS, tags and the like may
// come from flags, the environment, and go env -w.
func (l lister) target(m Module) target {
	list := []string{"list", "-e", "-find", "-f", `{{with context}}{{.GOOS}}
{{.GOARCH}}
{{.Compiler}}
{{.CgoEnabled}}
{{.UseAllFiles}}
{{join .BuildTags ","}}
{{join .ToolTags ","}}
{{join .ReleaseTags ","}}{{end}}`}
	if len(l.tags) > 0 {
		list = append(list, "-tags="+strings.Join(l.tags, ","))
	}
	var (
		wg       sync.WaitGroup
		env, got []string
	)
	wg.Go(func() { env = l.ask("env", "GOMOD", "GOWORK", "GOFLAGS") })
	wg.Go(func() { got = l.ask(append(list, "--", "unsafe")...) })
	wg.Wait()
	t := defaultTarget(l.tags)
	if len(env) == 3 {
		t.flags = env[2]
	}
	if len(got) != 8 {
		return t
	}
	t.GOROOT, t.GOPATH, t.Dir = "", "", ""
	t.GOOS, t.GOARCH, t.Compiler = got[0], got[1], got[2]
	t.CgoEnabled, t.UseAllFiles = got[3] == "true", got[4] == "true"
	t.BuildTags, t.ToolTags, t.ReleaseTags = words(got[5]), words(got[6]), words(got[7])
	t.sure = !l.driven() && len(env) == 3 && env[0] == filepath.Join(m.Dir, "go.mod") && (env[1] == "" || env[1] == "off") && usualFlags(t.flags)
	return t
}

// defaultTarget is the target if the go command cannot be asked: that which this
// program was built for.
func defaultTarget(tags []string) target {
	ctx := build.Default
	ctx.BuildTags = append(slices.Clone(ctx.BuildTags), tags...)
	return target{Context: ctx}
}

// guessTarget is what the go command most likely builds for. What is listed for
// that while the go command is asked counts only if it says the same.
func guessTarget(tags []string) target {
	t := defaultTarget(tags)
	t.GOROOT, t.GOPATH, t.Dir = "", "", ""
	t.sure = true
	return t
}

// same reports whether both targets have the same files.
func (t target) same(other target) bool {
	return t.GOOS == other.GOOS && t.GOARCH == other.GOARCH && t.Compiler == other.Compiler &&
		t.CgoEnabled == other.CgoEnabled && t.UseAllFiles == other.UseAllFiles &&
		slices.Equal(t.BuildTags, other.BuildTags) && slices.Equal(t.ToolTags, other.ToolTags) && slices.Equal(t.ReleaseTags, other.ReleaseTags)
}
