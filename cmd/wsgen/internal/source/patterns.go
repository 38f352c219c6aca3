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
			return nil, fmt.Errorf("%s is not a package of module %s: write a folder, such as ./%s, or an import path that begins with %s", arg, m.Path, arg, m.Path)
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
		return fmt.Errorf("%s: there is no folder %s", arg, p.dir)
	case err != nil:
		return fmt.Errorf("%s: %w", arg, err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file: name its folder, ./%s", arg, filepath.ToSlash(filepath.Dir(arg)))
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

// match reports whether a pattern names dir.
func (ps patterns) match(dir string) bool {
	for _, p := range ps {
		if dir == p.dir || p.deep && strings.HasPrefix(dir, strings.TrimSuffix(p.dir, string(filepath.Separator))+string(filepath.Separator)) {
			return true
		}
	}
	return false
}
