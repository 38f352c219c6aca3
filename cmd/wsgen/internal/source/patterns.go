package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// patterns are folders, some with everything below them.
type patterns []pattern

type pattern struct {
	dir    string
	deep   bool
	folder bool   // it was written as a folder, not as an import path
	base   string // the last element of what was written
}

// parsePatterns reads the command line's package patterns, which are relative
// to dir.
func parsePatterns(args []string, dir string, m Module) (patterns, error) {
	if len(args) == 0 {
		args = []string{"./..."}
	}
	var ps patterns
	for _, arg := range args {
		base, deep := strings.CutSuffix(arg, "/...")
		if arg == "..." {
			base, deep = ".", true
		}
		p := pattern{dir: filepath.Join(dir, base), deep: deep, folder: true, base: filepath.Base(base)}
		switch folder, ok := m.folder(base); {
		case filepath.IsAbs(base):
			p.dir = filepath.Clean(base)
		case base == "." || base == ".." || strings.HasPrefix(base, "./") || strings.HasPrefix(base, "../"):
		case ok:
			p.dir, p.folder = folder, false
		default:
			return nil, notAPackage(arg, dir, m)
		}
		if err := p.check(arg, m); err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

func (p pattern) check(arg string, m Module) error {
	info, err := os.Stat(p.dir)
	switch {
	case os.IsNotExist(err):
		if base, behind, dots := strings.Cut(arg, "..."); dots && (behind != "" || !strings.HasSuffix(base, "/")) {
			return fmt.Errorf("%s: the dots stand at the end, behind a slash, for all that is below a folder: write %s", arg, below(base, strings.TrimSuffix(p.dir, behind)))
		}
		return fmt.Errorf("%s: there is no folder %s", arg, p.dir)
	case err != nil:
		return fmt.Errorf("%s: %w", arg, err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file: name its folder, %s", arg, folderOf(arg))
	}
	home, err := findModule(p.dir)
	if err != nil {
		return err
	}
	if home.Dir != m.Dir {
		return fmt.Errorf("%s belongs to module %s, not to %s: run wsgen in %s", arg, home.Path, m.Path, home.Dir)
	}
	return nil
}

// below is the pattern for what base... was to match: all below that folder, if
// it is one, else all below the one that it would be in.
func below(base, dir string) string {
	if info, err := os.Stat(strings.TrimSuffix(dir, "...")); err == nil && info.IsDir() && !strings.HasSuffix(base, "/") {
		return base + "/..."
	}
	return base[:strings.LastIndex(base, "/")+1] + "..."
}

// folderOf is the folder of a file as a pattern names it.
func folderOf(file string) string {
	dir := filepath.ToSlash(filepath.Dir(file))
	if dir == "." || strings.HasPrefix(dir, "../") || dir == ".." || filepath.IsAbs(file) {
		return dir
	}
	return "./" + dir
}

// notAPackage is the error for a pattern that is written neither as a folder nor
// as an import path of m. It says what to write if that can be told.
func notAPackage(arg, dir string, m Module) error {
	base, dots := strings.CutSuffix(arg, "...")
	base = strings.TrimSuffix(base, "/")
	info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(base)))
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is a file: name its folder, %s", arg, folderOf(base))
	case err == nil && dots:
		return fmt.Errorf("%s is not a package of module %s: write ./%s/... for its folders", arg, m.Path, base)
	case err == nil:
		return fmt.Errorf("%s is not a package of module %s: write the folder as ./%s", arg, m.Path, base)
	}
	return fmt.Errorf("%s is not a package of module %s: write a folder with ./ before it, or an import path that begins with %s", arg, m.Path, m.Path)
}

// match reports whether a pattern names dir.
func (ps patterns) match(dir string) bool {
	for _, p := range ps {
		if dir == p.dir || p.deep && strings.HasPrefix(dir, strings.TrimSuffix(p.dir, string(filepath.Separator))+string(filepath.Separator)) {
			return true
		}
	}
	return false
}
