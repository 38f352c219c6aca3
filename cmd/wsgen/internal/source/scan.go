package source

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// walker finds the folders of a module. It leaves out the folders that the go
// command leaves out of ./...; a test holds the two to each other.
type walker struct {
	module  Module
	folders map[string]*folder
	entered map[string]bool // folders whose subfolders were looked at
}

// scan reads the text of every Go file of the packages that ./... has in the
// module's root, and of those that the command line names besides.
func scan(m Module, wanted patterns) (map[string]*folder, error) {
	s := walker{m, map[string]*folder{}, map[string]bool{}}
	if err := s.all(wanted); err != nil {
		return nil, fmt.Errorf("cannot read the module's folders: %w", err)
	}
	return s.folders, nil
}

func (s *walker) all(wanted patterns) error {
	if err := s.tree(s.module.Dir, true); err != nil {
		return err
	}
	for _, p := range wanted {
		found := &walker{s.module, map[string]*folder{}, map[string]bool{}}
		var err error
		switch {
		case p.deep && !p.folder || p.deep && leftOut(p.base) || s.entered[p.dir]:
			continue // the folders are found already, or none of them counts
		case p.deep:
			err = found.tree(p.dir, true)
		default:
			err = found.one(p.dir)
		}
		if err != nil {
			return err
		}
		for dir, f := range found.folders {
			if known := s.folders[s.straight(dir)]; known != nil {
				f = known // by another name
			} else {
				s.folders[dir] = f
			}
			f.named = true
		}
	}
	return nil
}

// straight is dir without links, if it is in the module: as the walk from the
// module's root comes to it.
func (s *walker) straight(dir string) string {
	root, err := filepath.EvalSymlinks(s.module.Dir)
	if err != nil {
		return dir
	}
	end, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return dir
	}
	rel, err := filepath.Rel(root, end)
	if err != nil || !filepath.IsLocal(rel) {
		return dir
	}
	return filepath.Join(s.module.Dir, rel)
}

// one looks at the files of a folder.
func (s *walker) one(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	return s.files(dir, entries)
}

// tree looks at a folder and those below it. It passes over links to folders,
// nested modules, folders that go.mod ignores, those whose names leftOut knows, and
// those below a folder called vendor. Of these rules only that of go.mod holds for
// the top folder.
func (s *walker) tree(dir string, top bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if !top && hasModule(dir, entries) || s.module.Ignores(dir) {
		return nil
	}
	if err := s.files(dir, entries); err != nil {
		return err
	}
	if !top && filepath.Base(dir) == "vendor" {
		return nil
	}
	s.entered[dir] = true
	for _, e := range entries {
		if e.IsDir() && !leftOut(e.Name()) {
			if err := s.tree(filepath.Join(dir, e.Name()), false); err != nil {
				return err
			}
		}
	}
	return nil
}

// leftOut reports whether a pattern with dots passes over a folder of this name,
// and all below it.
func leftOut(name string) bool {
	return name != "" && name != "." && name != ".." && (name[0] == '.' || name[0] == '_' || name == "testdata")
}

// hasModule reports whether a module begins at dir, which has these entries.
func hasModule(dir string, entries []fs.DirEntry) bool {
	for _, e := range entries {
		if e.Name() == "go.mod" {
			info, err := os.Stat(filepath.Join(dir, "go.mod"))
			return err == nil && !info.IsDir()
		}
	}
	return false
}

// files looks at the Go files of a folder, those that are links included.
func (s *walker) files(dir string, entries []fs.DirEntry) error {
	var f *folder
	blocked := map[string]string{}
	for _, e := range entries {
		name := e.Name()
		if s.module.generated.Named(name) {
			if what := noFile(filepath.Join(dir, name), e.Type()); what != "" {
				blocked[filepath.Join(dir, name)] = what
				continue
			}
		}
		if e.IsDir() || !strings.HasSuffix(name, ".go") && !s.module.generated.Named(name) {
			continue
		}
		path, mode := filepath.Join(dir, name), e.Type()
		if mode&fs.ModeSymlink != 0 {
			// A link to nothing is a file that cannot be read.
			if info, err := os.Stat(path); err == nil {
				mode = info.Mode().Type()
			}
		}
		if mode.IsDir() {
			continue
		}
		if f == nil {
			f = &folder{dir: dir, mention: map[string]bool{}, texts: map[string][]byte{}}
		}
		if name[0] == '.' || name[0] == '_' {
			if mode.IsRegular() {
				f.park(path)
			}
			continue
		}
		if mode&(fs.ModeNamedPipe|fs.ModeSocket) != 0 {
			return fmt.Errorf("%s is a pipe or a socket: the go command would wait for it", path)
		}
		if err := f.add(path, name, s.module.generated); err != nil {
			return err
		}
	}
	if f != nil {
		f.blocked = blocked
		if !f.toParse() {
			f.texts = nil
		}
		s.folders[dir] = f
	}
	return nil
}

// noFile says what is in the way of a file of a name; "" if nothing is.
func noFile(path string, mode fs.FileMode) string {
	if mode.IsDir() {
		return "a folder"
	}
	if mode&fs.ModeSymlink != 0 {
		if info, err := os.Stat(path); err != nil {
			return "a link to nothing"
		} else if info.IsDir() {
			return "a link to a folder"
		}
	}
	return ""
}
