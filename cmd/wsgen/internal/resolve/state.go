package resolve

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/source"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// resolver is the state of one run.
type resolver struct {
	ctx    context.Context // of the run
	src    *source.Program
	wire   bool                   // provider sets are written
	table  []directive.Spec       // of all directives
	json   *wiretype.Table        // what encoding/json makes of types
	cycles map[string]types.Error // generic types without end, by import path
	owner  *source.Package        // the package that is being resolved
	list   []owned
	pkgs   []*pkg // those with a directive
	byPath map[string]*pkg

	states     map[string]bool            // whether a type is marked //ws:state, by gotype.Key
	embedded   map[*types.TypeName]bool   // types whose methods some gateway has
	pushed     map[*types.Func]bool       // methods of push interfaces
	uses       []*model.GuardRef          // every use of a guard
	guardTypes map[*model.GuardRef]string // which type each is, aliases resolved
	silent     silent
	sendings   []sending                    // what push and ask interfaces send
	logs       []keptLog                    // the histories of push interfaces, and who they tell of
	needed     []need                       // syntax whose types the model rests on
	missing    map[string]*missing          // names that nothing declares, by package and name
	told       map[string]int               // what reportOnce has told, and its place in list
	formlessAt map[token.Position]bool      // fields without a form in JSON, told already
	ownForms   map[string]wiretype.Override // what types say of their own JSON, by gotype.Key
	examples   map[string][]string          // of types, as JSON, by gotype.Key
	docs       map[*ast.File]map[declaration]*ast.CommentGroup
	codecForms map[*wiretype.Type]*wiretype.Codec // nil: encoding/json
}

// owned is a diagnostic, and the package in whose resolution it came up: not
// always the one it is in, as with a handler that is embedded from elsewhere.
type owned struct {
	diag.Diagnostic
	owner *source.Package
}

// pkg is an annotated package while it is resolved.
type pkg struct {
	src   *source.Package
	model *model.Package
	all   []*directive.Directive
	funcs map[*types.Func]*ast.FuncDecl
	// errors are what Go has to say about its declarations.
	errors []typeError

	onType   map[*types.TypeName][]*directive.Directive
	onFunc   map[*types.Func][]*directive.Directive
	onClause []*directive.Directive

	gateways []*gateway
	codecs   *codecs // nil: none is asked for so far
	app      *directive.Directive
	members  []*pkg // of an application
}

// marked returns the types of p with the directive name, in source order, and
// that directive.
func (p *pkg) marked(name string) (types []*types.TypeName, ds []*directive.Directive) {
	for _, d := range p.all {
		if d.Name != name || d.Site.Place != directive.Type {
			continue
		}
		for obj, on := range p.onType {
			if slices.Contains(on, d) {
				types, ds = append(types, obj), append(ds, d)
			}
		}
	}
	return types, ds
}

// has reports whether obj, declared in p, is marked with the directive name.
func (p *pkg) has(obj *types.TypeName, name string) bool {
	for _, d := range p.onType[obj] {
		if d.Name == name {
			return true
		}
	}
	return false
}

func (p *pkg) scope(d *directive.Directive) scope { return scope{p.src.Types, d.Site.File} }

func (p *pkg) inOrder() []*types.Func {
	var all []*types.Func
	for fn := range p.onFunc {
		all = append(all, fn)
	}
	slices.SortFunc(all, func(a, b *types.Func) int { return int(a.Pos() - b.Pos()) })
	return all
}

// gateway is a gateway while it is resolved.
type gateway struct {
	obj       *types.TypeName
	directive *directive.Directive
	pkg       *pkg
	model     *model.Gateway
	embeds    map[*types.TypeName]bool  // itself, and what it has methods of by embedding
	handlers  map[*model.Handler]*bound // the method that each is
	layers    []*layer                  // the gateways that it embeds, and has annotated methods of
	refusals  refusals                  // that all its handlers declare

	// state is the type that the connect hook makes, or nil. stateless says
	// that it makes none because of a mistake already reported.
	state     *types.TypeName
	stateless bool
}

// layer is a gateway inside another. Its guards hold for its methods there, too, and
// so do the codes that it declares.
type layer struct {
	obj      *types.TypeName
	field    *types.Var // of the outer gateway, that it is embedded by
	guards   guardSet
	refusals refusals
}

// guardSet is the guards of one gateway, handler or application.
type guardSet struct {
	conn, message []*model.GuardRef
}

// bound is an annotated method of a gateway, its own or promoted.
type bound struct {
	fn    *types.Func      // as declared
	sig   *types.Signature // as the gateway has it, type arguments filled in
	decl  *ast.FuncDecl
	ds    []*directive.Directive
	scope scope    // of the names in ds
	under []*layer // the gateways that g has it from, outermost first

	// Of a handler:
	refusals refusals // all that holds for it
	examples []string // of its data, as JSON
}

func (m *bound) name() span { return m.decl.Name }

// marked returns the directive name of m, or nil.
func (m *bound) marked(name string) *directive.Directive {
	for _, d := range m.ds {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// param returns where the i-th parameter's name and type stand.
func (m *bound) param(i int) (name, typ span) { return fieldAt(m.decl.Type.Params, i) }

// result returns where the i-th result's type stands.
func (m *bound) result(i int) span {
	_, typ := fieldAt(m.decl.Type.Results, i)
	return typ
}

func fieldAt(list *ast.FieldList, i int) (name, typ span) {
	for _, f := range list.List {
		if len(f.Names) == 0 {
			if i == 0 {
				return f.Type, f.Type
			}
			i--
			continue
		}
		if i < len(f.Names) {
			return f.Names[i], f.Type
		}
		i -= len(f.Names)
	}
	return list, list
}

// scope is where the names in a directive are looked up: the package and the
// file that the directive stands in.
type scope struct {
	pkg  *types.Package
	file *ast.File
}

// need is syntax that the model rests on. A type error in it is reported; all
// others are left to the compiler, since many of them are names that only
// exist once wsgen has run.
type need struct {
	span
	unknown bool // a type in it is not known, so there must be a diagnostic
	owner   *source.Package
}

// typeError is one mistake as Go tells it. It has several parts if it is about a
// second declaration of a name, or about a circle of types.
type typeError struct {
	types.Error
	more []types.Error
}

// inside reports whether any part of e is in s: the first one may lie in a
// declaration that nobody else looks at.
func (e typeError) inside(s span) bool {
	return inside(e.Pos, s) || slices.ContainsFunc(e.more, func(m types.Error) bool { return inside(m.Pos, s) })
}

// missing is a name that nothing declares: one mistake, wherever it is used.
type missing struct {
	owner   *source.Package
	message string
	uses    []use
}

// use is a place where a name stands that is not declared.
type use struct {
	pkg   *pkg
	file  *ast.File
	where span
	name  string
}

// silent are the methods of push interfaces that return nothing, by gotype.Key of
// the interface and by their name.
type silent map[string]map[string]*types.Func

// sending is an event that some interface sends to a registry.
type sending struct {
	pkg      *pkg
	registry string // registryOf
	event    string
	by       string // the method, with its interface
	fn       *types.Func
	where    span
	ask      bool
}

// keptLog is the history of a push interface, or who it tells of.
type keptLog struct {
	pkg            *pkg
	registry, name string
	obj            *types.TypeName
	directive      *directive.Directive
	presence       bool
}

// declaration is where something is declared, as far as export data tells.
type declaration struct {
	name string
	line int
}

// span is anything with a place in the source: a node, or a range.
type span interface {
	Pos() token.Pos
	End() token.Pos
}

// at is a span of its own.
type at struct{ pos, end token.Pos }

func (a at) Pos() token.Pos { return a.pos }

func (a at) End() token.Pos { return a.end }

func inside(p token.Pos, s span) bool { return s.Pos() <= p && p < s.End() }
