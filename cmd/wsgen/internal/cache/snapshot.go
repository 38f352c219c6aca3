package cache

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// snapshot is how the files look.
type snapshot struct {
	inputs  string // digest of what is read
	stamps  string // digest of the inputs' times: a change that was taken back shows
	all     string // digest of inputs and outputs
	outputs map[string][sha256.Size]byte
}

// file is one that counts.
type file struct {
	path   string
	output bool
	sum    [sha256.Size]byte
	time   int64 // of its last change, in nanoseconds
}

// sources are the endings of the files that the go command compiles, or that
// decide what it does. Embedded files are left out: they cannot change a type.
const sources = " .go .c .cc .cpp .cxx .m .h .hh .hpp .hxx .f .F .for .f90 .s .S .sx .swig .swigcxx .syso "

// controls are the files that count by their whole name.
const controls = " go.mod go.sum go.work go.work.sum modules.txt wsgen.conf "

// look takes a snapshot. Files are read while others are still being found.
func (w *world) look(q Query) (snapshot, error) {
	roots, singles := w.trees(q)
	l := lister{query: q, seen: map[string]bool{}, found: make(chan *file, 256)}
	wait := sum(l.found)
	err := l.all(roots, singles)
	close(l.found)
	if err := errors.Join(err, wait()); err != nil {
		return snapshot{}, err
	}
	slices.SortFunc(l.files, func(a, b *file) int { return cmp.Compare(a.path, b.path) })
	inputs, stamps, all := sha256.New(), sha256.New(), sha256.New()
	s := snapshot{outputs: map[string][sha256.Size]byte{}}
	var line []byte
	for _, f := range l.files {
		line = strconv.AppendQuote(line[:0], f.path)
		path := len(line)
		line = append(hex.AppendEncode(append(line, ' '), f.sum[:]), '\n')
		all.Write(line)
		if f.output {
			s.outputs[f.path] = f.sum
			continue
		}
		inputs.Write(line)
		line = append(strconv.AppendInt(append(line[:path], ' '), f.time, 10), '\n')
		stamps.Write(line)
	}
	for to, h := range map[*string]hash.Hash{&s.inputs: inputs, &s.stamps: stamps, &s.all: all} {
		*to = hex.EncodeToString(h.Sum(nil))
	}
	return s, nil
}

// lister collects the files that count.
type lister struct {
	query Query
	seen  map[string]bool // folders, as the links to them end
	files []*file
	found chan *file // each of files
}

// all collects everything below roots, and singles.
func (l *lister) all(roots, singles []string) error {
	for _, root := range roots {
		if err := l.tree(root, root); err != nil {
			return err
		}
	}
	for _, path := range singles {
		l.add(&file{path: path})
	}
	for _, path := range l.query.Outputs {
		l.add(&file{path: path, output: true})
	}
	return nil
}

func (l *lister) add(f *file) {
	l.files = append(l.files, f)
	l.found <- f
}

// tree collects from dir, which belongs to the module at root. It leaves out
// nested modules and the folders that skips names. Folders called testdata, those
// with an underscore and linked ones count, because import paths may name them.
func (l *lister) tree(root, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) && dir == root {
		l.add(&file{path: dir})
		return nil
	}
	if err != nil {
		return err
	}
	if dir != root && hasModule(dir, entries) {
		return nil
	}
	if dir == root {
		l.seen[dir] = true
	}
	for _, e := range entries {
		if err := l.entry(root, filepath.Join(dir, e.Name()), e.Type()); err != nil {
			return err
		}
	}
	return nil
}

// entry collects a file, or what is in a folder.
func (l *lister) entry(root, path string, mode fs.FileMode) error {
	name := filepath.Base(path)
	into := l.tree
	if mode&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		if err != nil {
			return nil //nolint:nilerr // a link to nothing is nothing to the go command
		}
		mode, into = info.Mode().Type(), l.link
	}
	switch {
	case mode.IsDir() && !l.skips(root, path, name):
		return into(root, path)
	case slices.Contains(l.query.Outputs, path): // it is added besides
	case mode.IsRegular() && l.query.Counts(name):
		l.add(&file{path: path, output: root == l.query.Root && slices.Contains(l.query.Generated, name)})
	}
	return nil
}

// link collects from a linked folder, once.
func (l *lister) link(root, path string) error {
	to, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if l.seen[to] {
		return nil
	}
	l.seen[to] = true
	return l.tree(root, path)
}

// hasModule reports whether a module begins at dir, which has these entries.
func hasModule(dir string, entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		if e.Name() != "go.mod" || e.IsDir() {
			return false
		}
		info, err := os.Stat(filepath.Join(dir, "go.mod"))
		return err == nil && !info.IsDir()
	})
}

// skips reports whether a folder is left out. In the module of the run these are
// hidden folders and those that go.mod ignores. Other modules are not searched
// by patterns, so their ignore lines say nothing, and Skips alone decides.
func (l *lister) skips(root, path, name string) bool {
	if root != l.query.Root {
		return Skips(name)
	}
	return name[0] == '.' || l.query.Ignored != nil && l.query.Ignored(path)
}

// Skips reports whether a folder of this base name is not watched: it is hidden,
// or it is node_modules, which has too many folders below.
func Skips(name string) bool { return name[0] == '.' || name == "node_modules" }

// counts reports whether a file of this base name may be read by a run.
func counts(name string) bool {
	ending := filepath.Ext(name)
	return ending != "" && (name[0] != '.' || ending == ".go") && strings.Contains(sources, " "+ending+" ") || strings.Contains(controls, " "+name+" ")
}

// sum reads files, several at a time, until there are no more; wait returns
// when all are read.
func sum(files <-chan *file) (wait func() error) {
	var wg sync.WaitGroup
	errs := make([]error, min(runtime.GOMAXPROCS(0), 8))
	for worker := range errs {
		wg.Go(func() {
			h, buf := sha256.New(), make([]byte, 64<<10)
			for f := range files { // to the end, even after an error: the sender would wait forever
				if errs[worker] == nil {
					errs[worker] = f.read(h, buf)
				}
			}
		})
	}
	return func() error {
		wg.Wait()
		return errors.Join(errs...)
	}
}

// read sums the file up. One that is not there has the sum zero.
func (f *file) read(h hash.Hash, buf []byte) (err error) {
	h.Reset()
	f.time, err = readInto(h, f.path, buf)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		h.Sum(f.sum[:0])
	}
	return err
}
