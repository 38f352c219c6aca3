package source

import (
	"go/parser"
	"go/token"
)

// HasProgram reports whether a package of the module is called main. A file
// that not every build has does not count: it may be a script beside a package.
func (p *Program) HasProgram() bool {
	if p.program == nil {
		has := p.hasProgram()
		p.program = &has
	}
	return *p.program
}

func (p *Program) hasProgram() bool {
	for _, f := range p.folders {
		for _, path := range f.mains {
			file, _ := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
			if file != nil && file.Name.Name == "main" && p.Module.Constrained(file, path) == "" {
				return true
			}
		}
	}
	return false
}
