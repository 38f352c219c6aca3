package emit

import (
	"context"
	"errors"
	"fmt"
	"go/format"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Each makes the file called name of each package that needs one, several at a
// time, and returns them in the order of the packages. write returns Go source,
// yet to be formatted. It must depend on nothing but its package, and not
// change it: the same package is not written twice if the memory has the text.
// When ctx ends no further one is made, and its error returned.
func (r *Run) Each(ctx context.Context, name string, needed func(*model.Package) bool, write func(*model.Package) ([]byte, error)) ([]File, error) {
	made := make([]*File, len(r.prog.Packages))
	errs := make([]error, len(r.prog.Packages))
	parallel(len(made), func(i int) {
		if pkg := r.prog.Packages[i]; needed(pkg) && ctx.Err() == nil {
			made[i] = &File{Path: filepath.Join(pkg.Dir, name)}
			made[i].Data, errs[i] = r.text(i, made[i].Path, write)
		}
	})
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return nil, err
	}
	var files []File
	for _, f := range made {
		if f != nil {
			files = append(files, *f)
		}
	}
	return files, nil
}

// text is that of the file at path, of the i-th package.
func (r *Run) text(i int, path string, write func(*model.Package) ([]byte, error)) ([]byte, error) {
	if r.memory != nil {
		if text, ok := r.memory.Recall(path, r.digests[i]); ok {
			return text, nil
		}
	}
	pkg := r.prog.Packages[i]
	source, err := write(pkg)
	if err != nil {
		return nil, err
	}
	text, err := format.Source(source)
	if err != nil {
		return nil, fmt.Errorf("generated code of package %s is invalid (a bug in wsgen): %w", pkg.Path, err)
	}
	if r.memory != nil {
		r.memory.Keep(path, r.digests[i], text)
	}
	return text, nil
}

// parallel calls do for 0 to n-1, several at a time.
func parallel(n int, do func(i int)) {
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
