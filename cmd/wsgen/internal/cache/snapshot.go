package cache

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// snapshot is how the files look: when each was last changed, and what is in
// those that have been read.
type snapshot struct {
	files []*file // by path
	taken time.Time
}

// file is one that counts.
type file struct {
	path     string
	output   bool
	stamp    stamp
	read     bool // sum is that of what was read
	recalled bool // sum is that of what was read before
	sum      [sha256.Size]byte
}

// stamp is what a system knows of a file without reading it. While the stamp is
// the same, so is the content, if the system says when it last changed anything
// about the file, a time that no program sets. A file that is not there has the
// zero stamp, and is known.
type stamp struct {
	known            bool
	device, inode    uint64
	size             int64
	changed, written int64 // in nanoseconds
}

// settled is how long ago a file must have changed for its stamp to tell of the
// next change: the clocks of file systems go by steps, up to this one of FAT.
const settled = 2 * time.Second

// young reports whether the file may change again without its stamp.
func (s snapshot) young(f *file) bool {
	limit := s.taken.Add(-settled).UnixNano()
	return !f.stamp.known || f.stamp.changed > limit || f.stamp.written > limit
}

// sources are the endings of the files that the go command compiles, or that
// decide what it does. Embedded files are left out: they cannot change a type.
const sources = " .go .c .cc .cpp .cxx .m .h .hh .hpp .hxx .f .F .for .f90 .s .S .sx .swig .swigcxx .syso "

// controls are the files that count by their whole name.
const controls = " go.mod go.sum go.work go.work.sum modules.txt wsgen.conf "

// look takes a snapshot, and reads the files of which the stamp does not tell
// enough. Files are looked at while others are still being found.
func (w *world) look(q Query) (snapshot, error) {
	s := snapshot{taken: time.Now()}
	if q.Now != nil {
		s.taken = q.Now()
	}
	roots, singles := w.trees(q)
	found := make(chan []*file, 64)
	stamped := make(chan error, 1)
	go func() { stamped <- stampAll(found) }()
	files, err := collect(q, roots, singles, found)
	if err := errors.Join(err, <-stamped); err != nil {
		return snapshot{}, err
	}
	s.files = files
	slices.SortFunc(s.files, func(a, b *file) int { return cmp.Compare(a.path, b.path) })
	return s, s.sum(s.young)
}

// content is a digest of what is in the files. It reads those of which that is
// not known.
func (s snapshot) content() (string, error) {
	if err := s.sum(func(f *file) bool { return !f.recalled }); err != nil {
		return "", err
	}
	h := sha256.New()
	var line []byte
	for _, f := range s.files {
		line = append(binary.AppendUvarint(line[:0], uint64(len(f.path))), f.path...)
		h.Write(append(line, f.sum[:]...))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sameInputs reports whether nothing was written to an input since an earlier
// snapshot. It reads again what was read then.
func (s snapshot) sameInputs(before snapshot) (bool, error) {
	was := map[string]*file{}
	for _, f := range before.files {
		if !f.output {
			was[f.path] = f
		}
	}
	err := s.sum(func(f *file) bool { old := was[f.path]; return old != nil && old.read })
	for _, f := range s.files {
		if f.output {
			continue
		}
		old := was[f.path]
		if old == nil || old.stamp != f.stamp || old.read && old.sum != f.sum {
			return false, err
		}
		delete(was, f.path)
	}
	return len(was) == 0, err
}

// has reports whether each of files is an output of this content. If one is not,
// it returns its path.
func (s snapshot) has(files map[string][]byte) (path string, ok bool) {
	sums := map[string][sha256.Size]byte{}
	for _, f := range s.files {
		if f.output {
			sums[f.path] = f.sum
		}
	}
	for path, data := range files {
		if sums[path] != sha256.Sum256(data) {
			return path, false
		}
	}
	return "", true
}

// passed is how many files go to whoever looks at them at a time.
const passed = 16

// lister collects the files that count.
type lister struct {
	query Query
	seen  map[string]bool // folders, as the links to them end
	files []*file
	told  int            // of files, how many went to found
	found chan<- []*file // all of files, some at a time
}

// pass sends the files that were found since the last time.
func (l *lister) pass() {
	l.found <- l.files[l.told:len(l.files):len(l.files)]
	l.told = len(l.files)
}

// stampAll has the system say what it knows of files, to the end of found even
// after an error, because the sender would wait forever.
func stampAll(found <-chan []*file) (err error) {
	for files := range found {
		for _, f := range files {
			if err == nil {
				f.stamp, err = stampOf(f.path)
			}
		}
	}
	return err
}

// collect collects everything below roots, each by itself, and singles. All of it
// goes to found, which it closes.
func collect(q Query, roots, singles []string, found chan<- []*file) ([]*file, error) {
	defer close(found)
	listers := make([]*lister, len(roots)+1)
	errs := make([]error, len(listers))
	var wg sync.WaitGroup
	for i := range listers {
		l := &lister{query: q, seen: map[string]bool{}, found: found}
		for _, root := range roots {
			l.seen[root] = true
		}
		listers[i] = l
		if i == len(roots) {
			l.singles(singles)
			continue
		}
		wg.Go(func() {
			errs[i] = l.tree(roots[i], roots[i])
			l.pass()
		})
	}
	wg.Wait()
	var files []*file
	for _, l := range listers {
		files = append(files, l.files...)
	}
	return files, errors.Join(errs...)
}

// singles collects files that stand below none of the roots, or are outputs at
// one place.
func (l *lister) singles(paths []string) {
	for _, path := range paths {
		l.add(&file{path: path})
	}
	for _, path := range l.query.Outputs {
		l.add(&file{path: path, output: true})
	}
	l.pass()
}

func (l *lister) add(f *file) {
	if l.files = append(l.files, f); len(l.files) == l.told+passed {
		l.pass()
	}
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
	for _, e := range entries {
		if err := l.entry(root, dir, e.Name(), e.Type()); err != nil {
			return err
		}
	}
	return nil
}

// entry collects the file name of dir, or what is in the folder of that name.
func (l *lister) entry(root, dir, name string, mode fs.FileMode) error {
	if mode.IsRegular() && !l.query.Counts(name) {
		return nil
	}
	path := filepath.Join(dir, name)
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

// sum reads those files that are wanted, several at a time, unless they have
// been read.
func (s snapshot) sum(wanted func(*file) bool) error {
	files := slices.DeleteFunc(slices.Clone(s.files), func(f *file) bool { return f.read || !wanted(f) })
	if len(files) == 0 {
		return nil
	}
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	errs := make([]error, min(runtime.GOMAXPROCS(0), 8, len(files)))
	for worker := range errs {
		wg.Go(func() {
			h, buf := sha256.New(), make([]byte, 64<<10)
			for errs[worker] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				errs[worker] = files[i].sumUp(h, buf)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// sumUp reads the file. One that is not there has the sum zero.
func (f *file) sumUp(h hash.Hash, buf []byte) error {
	h.Reset()
	err := readInto(h, f.path, buf)
	if err == nil {
		h.Sum(f.sum[:0])
	}
	f.read = err == nil || errors.Is(err, fs.ErrNotExist)
	if f.read {
		return nil
	}
	return err
}
