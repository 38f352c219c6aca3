package source

import (
	"go/ast"
	"go/parser"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Varies tells whether the declared type t is the same in every build of the
// program, and has the same of these methods. It need not be if t, or what t is
// declared as, is of another module, or in a file that not every build has.
// Other types, such as a slice, do not vary by themselves.
func (p *Program) Varies(t types.Type, methods ...string) Variation {
	switch t := t.(type) {
	case *types.Alias:
		return max(p.varies(t.Obj()), p.Varies(t.Rhs(), methods...))
	case *types.Named:
		return max(p.varies(t.Obj()), p.variesMethods(t.Obj(), methods))
	}
	return Same
}

// varies is Varies for a declaration.
func (p *Program) varies(obj *types.TypeName) Variation {
	if steady(obj) {
		return Same
	}
	if v, known := p.varying[obj]; known {
		return v
	}
	if p.varying == nil {
		p.varying = map[*types.TypeName]Variation{}
	}
	p.varying[obj] = Same // while it is looked at: an invalid type may be made of itself
	v := p.declaration(obj)
	p.varying[obj] = v
	return v
}

// steady reports whether no build has another type in the place of obj. So it is
// for Go's predeclared types, and for those of the runtime, whose version fits the
// tool. It is for the types of Go's library that payloads have most, too, by Go's
// promise of compatibility.
func steady(obj *types.TypeName) bool {
	if obj.Pkg() == nil || obj.Pkg().Path() == model.RuntimePath {
		return true
	}
	switch obj.Pkg().Path() + "." + obj.Name() {
	case "time.Duration", "time.Time", "encoding/json.RawMessage":
		return true
	}
	return false
}

func (p *Program) declaration(obj *types.TypeName) Variation {
	f := p.folderOf(obj.Pkg().Path())
	if f == nil {
		return ByVersion
	}
	if p.otherBuilds(f, obj.Pkg().Name()).types[obj.Name()] {
		return ByBuild
	}
	// The type A of "type A B" varies with B, and go/types does not know of B.
	spec, file := p.typeSpec(f, obj)
	if spec == nil {
		return ByBuild
	}
	switch x := base(spec.Type).(type) {
	case *ast.Ident:
		home, err := p.Import(obj.Pkg().Path())
		if err != nil || home == nil {
			return ByBuild
		}
		if of, ok := home.Scope().Lookup(x.Name).(*types.TypeName); ok {
			return p.Varies(of.Type())
		}
		if types.Universe.Lookup(x.Name) == nil { // it comes from a dot import
			return ByVersion
		}
	case *ast.SelectorExpr:
		if of := p.selected(file, x); of != nil {
			return p.Varies(of.Type())
		}
		return ByVersion
	}
	return Same
}

// base is a type expression without parentheses and type arguments.
func base(x ast.Expr) ast.Expr {
	for {
		switch t := x.(type) {
		case *ast.ParenExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		default:
			return x
		}
	}
}

// selected is the type that pkg.X names in a file, or nil.
func (p *Program) selected(f *ast.File, x *ast.SelectorExpr) *types.TypeName {
	qualifier, ok := x.X.(*ast.Ident)
	if !ok {
		return nil
	}
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || spec.Name != nil && spec.Name.Name != qualifier.Name {
			continue
		}
		pkg, err := p.Import(path)
		if err != nil || pkg == nil || spec.Name == nil && pkg.Name() != qualifier.Name {
			continue
		}
		of, _ := pkg.Scope().Lookup(x.Sel.Name).(*types.TypeName)
		return of
	}
	return nil
}

func (p *Program) variesMethods(obj *types.TypeName, methods []string) Variation {
	if len(methods) == 0 || steady(obj) {
		return Same
	}
	f := p.folderOf(obj.Pkg().Path())
	if f == nil {
		return ByVersion
	}
	varying := p.otherBuilds(f, obj.Pkg().Name()).methods[obj.Name()]
	if slices.ContainsFunc(methods, func(name string) bool { return slices.Contains(varying, name) }) {
		return ByBuild
	}
	return Same
}

// InModule reports whether a package is of the module that wsgen runs in.
func (p *Program) InModule(pkg *types.Package) bool {
	return pkg != nil && p.folderOf(pkg.Path()) != nil
}

// folderOf is the folder of a package of the module; nil if it is of another.
func (p *Program) folderOf(path string) *folder {
	dir, ok := p.Module.folder(path)
	if !ok {
		return nil
	}
	if f := p.folders[dir]; f != nil {
		return f
	}
	f, known := p.beside[dir]
	if !known {
		if p.beside == nil {
			p.beside = map[string]*folder{}
		}
		f = p.Module.imported(dir)
		p.beside[dir] = f
	}
	return f
}

// imported is a folder of the module that no pattern finds; nil if it is of
// another module, or cannot be read.
func (m Module) imported(dir string) *folder {
	home, err := findModule(dir)
	if err != nil || home.Dir != m.Dir {
		return nil
	}
	s := walker{m, map[string]*folder{}, map[string]bool{}}
	if s.one(dir) != nil {
		return nil
	}
	return s.folders[dir]
}

// otherBuilds looks into the files of a folder that are not in every build of
// package name; of the others it reads the header.
func (p *Program) otherBuilds(f *folder, name string) *otherBuilds {
	if o := p.others[f.dir]; o != nil {
		return o
	}
	o := newOtherBuilds()
	for _, path := range f.files {
		file := p.read(path)
		if file == nil {
			file, _ = parser.ParseFile(p.Fset, path, nil, parser.ImportsOnly|parser.ParseComments)
		}
		if file == nil || file.Name.Name != name || p.Module.Constrained(file, path) == "" && !importsC(file) {
			continue
		}
		if file = p.File(path); file != nil {
			one := newOtherBuilds()
			o.add(file)
			one.add(file)
			o.files = append(o.files, one)
		}
	}
	if p.others == nil {
		p.others = map[string]*otherBuilds{}
	}
	p.others[f.dir] = o
	return o
}

func newOtherBuilds() *otherBuilds {
	return &otherBuilds{types: map[string]bool{}, methods: map[string][]string{}}
}

// Uneven is the first of methods that a type of the module has in some builds
// only, as far as files show it; "" if there is none. If the type is declared for
// some builds only, each of its declarations has to come with the method. If all
// builds share the declaration, two or more files may have the method, each for
// builds of its own.
func (p *Program) Uneven(obj *types.TypeName, methods ...string) string {
	f := p.folderOf(obj.Pkg().Path())
	if f == nil {
		return ""
	}
	o := p.otherBuilds(f, obj.Pkg().Name())
	for _, name := range methods {
		declare, have := 0, 0
		for _, file := range o.files {
			if o.types[obj.Name()] && !file.types[obj.Name()] {
				continue
			}
			declare++
			if slices.Contains(file.methods[obj.Name()], name) {
				have++
			}
		}
		if o.types[obj.Name()] && have > 0 && have < declare || !o.types[obj.Name()] && have == 1 {
			return name
		}
	}
	return ""
}

// importsC reports whether a file is left out of builds without cgo.
func importsC(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"C"` })
}

func (o *otherBuilds) add(f *ast.File) {
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if spec, ok := s.(*ast.TypeSpec); ok {
					o.types[spec.Name.Name] = true
				}
			}
		case *ast.FuncDecl:
			if d.Recv == nil || len(d.Recv.List) != 1 {
				continue
			}
			x := d.Recv.List[0].Type
			if star, ok := base(x).(*ast.StarExpr); ok {
				x = star.X
			}
			if id, ok := base(x).(*ast.Ident); ok {
				o.methods[id.Name] = append(o.methods[id.Name], d.Name.Name)
			}
		}
	}
}

// typeSpec is the declaration of a type of the module, and its file. Export
// data may know the file by another folder, or not at all.
func (p *Program) typeSpec(f *folder, obj *types.TypeName) (*ast.TypeSpec, *ast.File) {
	file := p.File(filepath.Join(f.dir, filepath.Base(p.Fset.PositionFor(obj.Pos(), false).Filename)))
	if file == nil {
		return nil, nil
	}
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range d.Specs {
			if spec, ok := s.(*ast.TypeSpec); ok && spec.Name.Name == obj.Name() {
				return spec, file
			}
		}
	}
	return nil, nil
}

// read is a file that was read already, whole and with comments, or nil.
func (p *Program) read(path string) *ast.File {
	if f := p.files[path]; f != nil {
		return f
	}
	for _, pkg := range p.Packages {
		if pkg.Dir != filepath.Dir(path) {
			continue
		}
		for _, f := range pkg.Files {
			if p.Fset.PositionFor(f.FileStart, false).Filename == path {
				return f
			}
		}
	}
	return nil
}

// File is the syntax of the file at path, with comments, as far as it can be
// parsed; nil if it cannot be read. The path may be what export data calls the file.
func (p *Program) File(path string) *ast.File {
	path = p.deps.onDisk(path)
	if f := p.read(path); f != nil {
		return f
	}
	if f, known := p.files[path]; known {
		return f
	}
	if p.files == nil {
		p.files = map[string]*ast.File{}
	}
	f, _ := parser.ParseFile(p.Fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	p.files[path] = f
	return f
}
