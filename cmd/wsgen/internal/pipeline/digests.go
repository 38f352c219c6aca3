package pipeline

import (
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/lock"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// digests gives all that contracts have of gateways its digest, and each gateway that
// of all of them, if it is one: a gateway may be served by several applications, which
// push and guard differently.
func digests(program *model.Program) {
	differs := map[*model.Gateway]bool{}
	for _, c := range slices.Concat(program.Contracts, program.Uncovered) {
		for _, f := range c.Gateways {
			f.Digest = lock.Digest(f)
			switch g := f.Gateway; {
			case g.Contract == "" && !differs[g]:
				g.Contract = f.Digest
			case g.Contract != f.Digest:
				g.Contract, differs[g] = "", true
			}
		}
	}
}
