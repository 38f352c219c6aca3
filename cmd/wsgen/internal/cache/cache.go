// Package cache remembers runs that left nothing to do, so that the same run
// over the same files ends at once. An entry is a digest of all that decides
// what a run writes, and of what it wrote: the files of the module, those of
// the modules that go.mod and go.work take from folders, the settings, the
// environment of the go command, Go itself, and wsgen itself. Wherever that
// cannot be told for sure, there is no entry, and wsgen runs.
//
// The module cache and a released Go count as immutable, as they do for the go
// command.
package cache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// keep is how long an entry stays that no run has renewed.
const keep = 30 * 24 * time.Hour

// Query is what a run is asked.
type Query struct {
	Dir  string // absolute: where it runs
	Root string // absolute: the root of the module of Dir
	// Asked is everything else on the command line and in the settings that
	// may change the result.
	Asked []string
	// Ignored reports whether patterns find neither a folder of the module nor
	// anything below it. Files there are not looked at, so a run that reads one all
	// the same must not be recorded. nil ignores no folder.
	Ignored func(dir string) bool
	// Generated are the base names of the files that wsgen writes, whatever they
	// end in. They are no input, and an output wherever they stand in the module.
	Generated []string
	// Outputs are the absolute paths of generated files that stand at one place
	// each, in the module or outside.
	Outputs []string
	// Now is the time, as the file systems have it, too; nil is time.Now.
	Now func() time.Time
}

// Counts reports whether a file of this base name may decide a run, or is made
// by one.
func (q Query) Counts(name string) bool { return counts(name) || slices.Contains(q.Generated, name) }

// Entry is the place of one run in the cache. It is used in this order: Fresh,
// and if that says no, the run itself and Record.
type Entry struct {
	query  Query
	path   string
	before snapshot
	news   bool // what is recorded is of other files than before: Fresh has found it so
}

// record is an entry's file.
type record struct {
	// Digest is that of what is in the files.
	Digest string          `json:"digest"`
	Note   json.RawMessage `json:"note,omitempty"`
	// known is what was in each that had settled: it is not read again while the
	// system says that it has not changed. It stands behind the rest.
	known known
}

// Folder is where wsgen keeps what it may lose: a folder of the user's cache.
func Folder() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "wsgen"), nil
}

// Open finds the entry of a run, and looks at all files that decide it. The
// error says why this run cannot be remembered.
func Open(q Query) (*Entry, error) {
	folder, err := Folder()
	if err != nil {
		return nil, err
	}
	world, err := newWorld()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, part := range [][]string{{q.Dir, q.Root}, q.Asked, world.identity} {
		fmt.Fprintf(h, "%d\n", len(part))
		for _, s := range part {
			fmt.Fprintf(h, "%q\n", s)
		}
	}
	e := &Entry{query: q, path: filepath.Join(folder, "runs", hex.EncodeToString(h.Sum(nil))[:40]+".json")}
	e.before, err = world.look(q)
	return e, err
}

// Fresh reports whether the last run that was recorded here saw the files as
// they are now, inputs and outputs, and returns what it had to say.
func (e *Entry) Fresh() (note json.RawMessage, ok bool) {
	e.news = true
	r, ok := e.recorded()
	if !ok {
		return nil, false
	}
	missing := e.before.recall(r.known)
	if digest, err := e.before.content(); err != nil || r.Digest != digest {
		return nil, false
	}
	e.news = false
	if missing > 0 {
		r.known = e.before.encode()
		_ = e.save(r) // if it fails, the next run reads those files, too
	}
	return r.Note, true
}

// recorded is what the entry's file has.
func (e *Entry) recorded() (r record, ok bool) {
	data, err := os.ReadFile(e.path)
	if err != nil {
		return r, false
	}
	head, rest, _ := bytes.Cut(data, []byte("\n"))
	r.known = rest
	return r, json.Unmarshal(head, &r) == nil
}

// save writes the entry's file.
func (e *Entry) save(r record) error {
	head, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return write(e.path, append(append(head, '\n'), r.known...))
}

// Record remembers a run that has ended well, and its note. files has the content
// of what the run wrote, by path. Record refuses if an input has changed since
// Open, because the run may have read either state. It refuses, too, if a file is
// no longer as the run wrote it. If this is what is remembered of the files as Open
// found them, it stays so, whatever has changed since.
func (e *Entry) Record(note json.RawMessage, files map[string][]byte) error {
	if e.remembers(note, files) {
		return nil
	}
	world, err := newWorld()
	if err != nil {
		return err
	}
	after, err := world.look(e.query)
	if err != nil {
		return err
	}
	if same, err := after.sameInputs(e.before); err != nil || !same {
		return cmp.Or(err, errors.New("a file changed while wsgen ran"))
	}
	old, _ := e.recorded() // if there is none, nothing is known
	missing := after.recall(old.known)
	digest, err := after.content()
	if err != nil {
		return err
	}
	if path, ok := after.has(files); !ok {
		return fmt.Errorf("%s changed while wsgen ran", path)
	}
	if old.Digest == digest && bytes.Equal(old.Note, note) && missing == 0 {
		return nil // this is what is remembered
	}
	return e.save(record{digest, note, after.encode()})
}

// remembers reports whether a run of this note, which wrote files, is remembered of
// the files as they were at Open. So it is of a run that was to do everything again,
// and found nothing to do: its files need not be looked at a second time.
func (e *Entry) remembers(note json.RawMessage, files map[string][]byte) bool {
	if e.news {
		return false
	}
	old, ok := e.recorded()
	if !ok || !bytes.Equal(old.Note, note) || e.before.recall(old.known) > 0 {
		return false
	}
	digest, err := e.before.content()
	if err != nil || old.Digest != digest {
		return false
	}
	_, ok = e.before.has(files)
	return ok
}

// write replaces a file, and removes those beside it that nobody has written
// anew for as long as keep.
func write(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, o := range old {
		if info, err := o.Info(); err == nil && time.Since(info.ModTime()) > keep {
			_ = os.Remove(filepath.Join(dir, o.Name()))
		}
	}
	f, err := os.CreateTemp(dir, ".new.*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// exists reports whether there is a file or folder at path.
func exists(path string) (fs.FileInfo, bool) {
	info, err := os.Stat(path)
	return info, err == nil
}
