package pipeline_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/output"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

// emptyCache is the setting of a build cache that has nothing, as on a new machine.
// The test fails if something is compiled into it.
func emptyCache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, "-d") {
				return err
			}
			text, err := os.ReadFile(path)
			if bytes.HasPrefix(text, []byte("!<arch>\n")) {
				t.Errorf("a package was compiled: %.200q", text)
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	return "GOCACHE=" + dir
}

// models is an emit.Memory that forgets texts, and keeps of what models they were
// made.
type models struct {
	mu    sync.Mutex
	known map[string]string // by path; guarded by mu
}

func (d *models) Recall(string, string) ([]byte, bool) { return nil, false }

func (d *models) Keep(path, digest string, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[path] = digest
}

// fromEmptyCache makes what opts say with the build cache as it is, and with one
// that has nothing. Both come of the same models, so that what is remembered of one
// run counts for the other, and they are the same.
func fromEmptyCache(t *testing.T, opts pipeline.Options) {
	t.Helper()
	var digests, texts [2]map[string]string
	for i, cache := range []string{"GOCACHE=" + os.Getenv("GOCACHE"), emptyCache(t)} {
		var made output.Memory
		known := &models{known: map[string]string{}}
		opts.Env, opts.Memory = append(os.Environ(), cache), known
		result, err := pipeline.Run(t.Context(), opts, &made)
		if err != nil || result.Diagnostics.HasErrors() || !result.Whole {
			t.Fatal(err, result.Diagnostics, result.Whole)
		}
		digests[i], texts[i] = known.known, map[string]string{}
		for _, f := range made.Plan.Files {
			texts[i][f.Path] = string(f.Data)
		}
		if len(digests[i]) != len(texts[i]) {
			t.Errorf("%d of %d files are known by their model", len(digests[i]), len(texts[i]))
		}
	}
	differ(t, "with an empty build cache", texts[0], texts[1])
	if !maps.Equal(digests[0], digests[1]) {
		t.Errorf("with an empty build cache the models are others: %q, %q", digests[0], digests[1])
	}
}

// TestGoldenFromEmptyCache generates a part of the golden corpus with a build cache
// that has nothing: the cases that import most. Everything that they import is read
// from source, and what is generated is the same, byte for byte.
func TestGoldenFromEmptyCache(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.env = append(w.env, emptyCache(t))
	w.cases = slices.DeleteFunc(w.cases, func(c *golden) bool {
		return !slices.Contains([]string{"codec", "data", "imports", "promoted", "streams"}, c.name)
	})
	if len(w.cases) != 5 {
		t.Fatalf("%d cases", len(w.cases))
	}
	w.generate(t)
	for _, c := range w.cases {
		t.Run(c.name, func(t *testing.T) { c.compare(t) })
	}
}
