package emit

import (
	"path/filepath"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// Table is the artifacts that a run may make, in the order in which it does.
type Table []Artifact

// Files are those that stand in the folders of packages.
func (t Table) Files() mark.Files {
	files := mark.Files{}
	for _, a := range t {
		if a.Scope == PerPackage {
			files[a.File] = a.Header
		}
	}
	return files
}

// Names are the base names of Files, in the table's order.
func (t Table) Names() []string {
	var names []string
	for _, a := range t {
		if a.Scope == PerPackage {
			names = append(names, a.File)
		}
	}
	return names
}

// Paths are those of the files that tell of a whole application. The user chose
// them.
func (t Table) Paths() []string {
	var paths []string
	for _, a := range t.Apps() {
		paths = append(paths, a.File)
	}
	return paths
}

// Apps are the artifacts that tell of a whole application.
func (t Table) Apps() []Artifact {
	return slices.DeleteFunc(slices.Clone(t), func(a Artifact) bool { return a.Scope != PerApp })
}

// Of is the artifact that the file at path is one of.
func (t Table) Of(path string) (a Artifact, ok bool) {
	i := slices.IndexFunc(t, func(a Artifact) bool {
		return a.File == path || a.Scope == PerPackage && a.File == filepath.Base(path)
	})
	if i < 0 {
		return Artifact{}, false
	}
	return t[i], true
}
