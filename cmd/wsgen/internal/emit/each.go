package emit

import (
	"errors"
	"runtime"
	"sync"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Each makes a file for each package of prog, several at a time, formats them,
// and returns them in the order of the packages. write must not change what
// packages share; it returns nil for a package without a file.
func Each(prog *model.Program, format Format, write func(*model.Package) (*File, error)) ([]File, error) {
	var (
		wg      sync.WaitGroup
		made    = make([]*File, len(prog.Packages))
		errs    = make([]error, len(prog.Packages))
		workers = max(1, min(runtime.GOMAXPROCS(0), len(prog.Packages)))
	)
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < len(prog.Packages); i += workers {
				made[i], errs[i] = write(prog.Packages[i])
				if made[i] != nil {
					errs[i] = format.apply(prog.Packages[i], made[i])
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
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
