package emit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/bidi"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Each makes the files of a, one for each package that needs one. It makes several
// at a time, and returns them in the order of the packages. write returns a text
// that is yet to be formatted. It must depend on nothing but its package, because
// it is not called if the memory has the text, and must not change the package.
// After the end of ctx Each makes no further file, and returns the error of ctx.
func (r *Run) Each(ctx context.Context, a Artifact, needed func(*model.Package) bool, write func(*model.Package) ([]byte, error)) ([]File, error) {
	made := make([]*File, len(r.packages))
	errs := make([]error, len(r.packages))
	parallel(len(made), func(i int) {
		pkg := r.packages[i]
		if !needed(pkg) || ctx.Err() != nil {
			return
		}
		digest := ""
		if r.memory != nil {
			digest = r.digests[i]
		}
		made[i] = &File{Path: filepath.Join(pkg.Dir, a.File)}
		made[i].Data, errs[i] = r.text(a, made[i].Path, digest, func() ([]byte, error) { return write(pkg) })
		if errs[i] != nil {
			errs[i] = fmt.Errorf("package %s: %w", pkg.Path, errs[i])
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

// ForApp makes the one file of a, which tells of a whole application; none if the
// run does not cover that. The rules for write are those of Each, with the contract
// in the place of the package.
func (r *Run) ForApp(ctx context.Context, a Artifact, write func(*model.Contract) ([]byte, error)) ([]File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(r.prog.Contracts, func(c *model.Contract) bool { return c.Selection == a.Wanted.Selection })
	if i < 0 {
		return nil, nil
	}
	contract, digest := r.prog.Contracts[i], ""
	if r.memory != nil {
		digest = whole(contract) + a.Variant
	}
	text, err := r.text(a, a.File, digest, func() ([]byte, error) { return write(contract) })
	if err != nil {
		return nil, err
	}
	return []File{{Path: a.File, Data: text, Folders: true}}, nil
}

// text returns the text of the file of a at path: from the memory, if that has
// what was made of the model with this digest, and else from write.
func (r *Run) text(a Artifact, path, digest string, write func() ([]byte, error)) ([]byte, error) {
	if r.memory != nil {
		if text, ok := r.memory.Recall(path, digest); ok {
			return text, nil
		}
	}
	text, err := write()
	if err != nil {
		return nil, err
	}
	if a.Format != nil {
		if text, err = a.Format(text); err != nil {
			return nil, fmt.Errorf("the text for output %s is invalid (a bug in wsgen): %w", a.Name, err)
		}
	}
	text = bidi.ShownBytes(text)
	if r.memory != nil {
		r.memory.Keep(path, digest, text)
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
