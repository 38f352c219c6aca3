package source

import (
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"
)

// plain lists the packages in dirs as the go command would, which takes far
// longer: of that it asks only what it builds for. ok is false where there is
// anything that the go command might see otherwise.
func (l lister) plain(m Module, dirs []string) (found map[string]*packages.Package, ok bool) {
	ctx, ok := l.context(m)
	if !ok || m.Go == "" || m.Path == "std" || m.Path == "cmd" {
		return nil, false
	}
	found = make(map[string]*packages.Package, len(dirs))
	for _, dir := range dirs {
		rel, err := filepath.Rel(m.Dir, dir)
		if err != nil || strings.ContainsFunc(rel, unusual) && rel != "." {
			return nil, false
		}
		p, err := ctx.ImportDir(dir, 0)
		if err != nil || !onlyGo(p) {
			return nil, false
		}
		found[dir] = &packages.Package{
			ID: m.importPath(dir), PkgPath: m.importPath(dir), Name: p.Name, Dir: dir,
			GoFiles: in(dir, p.GoFiles), IgnoredFiles: in(dir, p.IgnoredGoFiles),
			Module: &packages.Module{Path: m.Path, Dir: m.Dir, Main: true, GoVersion: m.Go},
		}
	}
	return found, true
}

// unusual are characters that an import path may not have, or not everywhere.
func unusual(c rune) bool {
	return (c < 'a' || 'z' < c) && (c < 'A' || 'Z' < c) && (c < '0' || '9' < c) && c != '_' && c != '-' && c != filepath.Separator
}

// onlyGo reports whether a package has no file of another language: then the
// go command has rules of its own.
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

// context is what the go command builds for. ok is false if it has another
// idea of the module or of its files.
func (l lister) context(m Module) (ctx build.Context, ok bool) {
	if driver := l.getenv("GOPACKAGESDRIVER"); driver != "" && driver != "off" {
		return ctx, false
	}
	if _, err := exec.LookPath("gopackagesdriver"); err == nil {
		return ctx, false
	}
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
		wg          sync.WaitGroup
		env, target []string
	)
	wg.Go(func() { env = l.ask("env", "GOMOD", "GOWORK", "GOFLAGS") })
	wg.Go(func() { target = l.ask(append(list, "--", "unsafe")...) })
	wg.Wait()
	if len(env) != 3 || len(target) != 8 || env[0] != filepath.Join(m.Dir, "go.mod") || env[1] != "" && env[1] != "off" {
		return ctx, false
	}
	for flag := range strings.FieldsSeq(env[2]) {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		if !slices.Contains([]string{"mod", "tags", "buildvcs", "trimpath"}, name) {
			return ctx, false
		}
	}
	ctx = build.Default
	ctx.GOROOT, ctx.GOPATH, ctx.Dir = "", "", ""
	ctx.GOOS, ctx.GOARCH, ctx.Compiler = target[0], target[1], target[2]
	ctx.CgoEnabled, ctx.UseAllFiles = target[3] == "true", target[4] == "true"
	ctx.BuildTags, ctx.ToolTags, ctx.ReleaseTags = words(target[5]), words(target[6]), words(target[7])
	return ctx, true
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' })
}

// ask runs the go command, and returns the lines that it prints; nil if it fails.
func (l lister) ask(args ...string) []string {
	cmd := exec.CommandContext(l.ctx, "go", args...)
	cmd.Dir, cmd.Env = l.dir, l.env
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	return strings.Split(strings.ReplaceAll(strings.TrimSuffix(string(out), "\n"), "\r", ""), "\n")
}

// getenv is a variable of the go command's environment.
func (l lister) getenv(name string) string {
	if l.env == nil {
		return os.Getenv(name)
	}
	value := ""
	for _, kv := range l.env {
		if rest, ok := strings.CutPrefix(kv, name+"="); ok {
			value = rest
		}
	}
	return value
}
