package resolve

import (
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/wiretype"
)

// maxStructs is how many structs generated code of one package reads and writes
// itself. Each costs some 100 lines, which are compiled and linked whether they run
// or not. What is beyond is encoding/json's.
const maxStructs = 200

// maxPlain is how many named parameters generated code reads itself: it keeps a bit
// for each.
const maxPlain = 64

// codecs finds the parts of a handler's data and result that generated code can
// read and write itself.
func (r *resolver) codecs(g *gateway, m *bound, h *model.Handler) {
	all := r.codecsOf(g.pkg)
	if h.Result != nil {
		_, value, _ := r.stream(m, m.sig.Results().At(0).Type()) // reply has reported what is wrong with one
		h.ResultCodec = all.ref(value)
	}
	if len(h.Params) != m.sig.Params().Len() {
		return // one of them is a mistake
	}
	named, found := 0, false
	for i := range h.Params {
		p := &h.Params[i]
		if p.Role != model.RoleData {
			continue
		}
		p.Codec = all.ref(m.sig.Params().At(i).Type())
		named, found = named+1, found || p.Codec != 0
	}
	h.Plain = (h.Data == model.DataScalar || h.Data == model.DataObject) && found && named <= maxPlain
}

// codecs are those of one package while they are chosen.
type codecs struct {
	json    *wiretype.Table
	forms   map[*wiretype.Type]*wiretype.Codec // the same for all packages
	from    *types.Package
	model   *model.Package
	known   map[string]model.CodecRef // by wiretype's Key
	structs int
}

// codecsOf are the codecs of p.
func (r *resolver) codecsOf(p *pkg) *codecs {
	if p.codecs == nil {
		p.codecs = &codecs{json: r.json, forms: r.codecForms, from: p.src.Types, model: p.model, known: map[string]model.CodecRef{}}
	}
	return p.codecs
}

// ref is the codec of t, which is made if there is none so far; 0 if t is left to
// encoding/json: that alone can do it, generated code cannot name or repeat what it
// would rest on, or all that t holds is encoding/json's anyway.
func (c *codecs) ref(t types.Type) model.CodecRef {
	at := c.json.Of(t)
	form, known := c.forms[at]
	if !known {
		form = at.Codec()
		c.forms[at] = form
	}
	if form == nil {
		return 0
	}
	key := c.json.Key(t)
	if ref, known := c.known[key]; known {
		return ref
	}
	c.known[key] = 0
	codec, ok := c.begin(t, form)
	if !ok {
		return 0
	}
	// It may hold itself, so it has its place before what it holds. That is given
	// back if it holds nothing but encoding/json's, and then it is the last one.
	c.model.Codecs = append(c.model.Codecs, codec)
	ref := model.CodecRef(len(c.model.Codecs))
	c.known[key] = ref
	if codec.Kind == model.CodecStruct {
		c.structs++
	}
	if !c.fill(&codec, form) {
		c.model.Codecs = c.model.Codecs[:ref-1]
		c.known[key] = 0
		if codec.Kind == model.CodecStruct {
			c.structs--
		}
		return 0
	}
	c.model.Codecs[ref-1] = codec
	return ref
}

// begin spells a codec out, without those of what it holds. It fails if the package
// cannot name a type or repeat its declaration, or has enough structs.
func (c *codecs) begin(t types.Type, form *wiretype.Codec) (codec model.Codec, ok bool) {
	if form.Kind == model.CodecStruct && c.structs == maxStructs {
		return codec, false
	}
	s := speller{from: c.from}
	t = types.Unalias(t)
	codec = model.Codec{Kind: form.Kind, Type: s.ref(t)}
	if _, scalar := t.Underlying().(*types.Basic); !scalar {
		s.rests(&codec, t)
	}
	for _, embedded := range form.Embedded {
		s.rests(&codec, embedded)
	}
	if form.Key != nil && !types.Identical(form.Key, types.Typ[types.String]) {
		codec.Key = s.pointer(form.Key)
	}
	if array, is := t.Underlying().(*types.Array); is {
		codec.Len = array.Len()
	}
	for _, m := range form.Members {
		codec.Members = append(codec.Members, s.member(m))
	}
	return codec, s.err == nil
}

// fill adds the codecs of what a codec holds. It is false if that is nothing but
// encoding/json's.
func (c *codecs) fill(codec *model.Codec, form *wiretype.Codec) bool {
	if form.Elem != nil {
		codec.Elem = c.ref(form.Elem)
		return codec.Elem != 0
	}
	pays := len(form.Members) == 0
	for i, m := range form.Members {
		ref := c.ref(m.Field.Var.Type())
		codec.Members[i].Codec = ref
		pays = pays || ref != 0
	}
	return pays
}

// speller writes types for files of one package, and remembers the first that such
// a file cannot have.
type speller struct {
	from *types.Package
	err  error
}

func (s *speller) ref(t types.Type) model.TypeRef {
	ref, err := typeRef(t, s.from)
	if s.err == nil {
		s.err = err
	}
	return ref
}

func (s *speller) pointer(t types.Type) *model.TypeRef {
	ref := s.ref(t)
	return &ref
}

// rests notes that a codec rests on what t is declared as, if it is a declared
// type. The code repeats the declaration, so that it does not compile if that has
// changed since: a new field would be missing on the wire.
func (s *speller) rests(codec *model.Codec, t types.Type) {
	named, ok := t.(*types.Named)
	if !ok || codec.Kind == model.CodecTime || codec.Kind == model.CodecRaw {
		return
	}
	codec.Rests = append(codec.Rests, model.Declared{Type: s.ref(named), As: s.ref(named.Underlying())})
}

func (s *speller) member(m wiretype.CodecMember) model.CodecMember {
	typ := m.Field.Var.Type()
	out := model.CodecMember{JSON: m.Field.Name, Quoted: m.Quoted, When: m.When}
	for i, f := range m.Path {
		step := model.CodecStep{Name: f.Var.Name()}
		if elem, pointer := gotype.Pointee(f.Var.Type()); pointer && i < len(m.Path)-1 {
			step.New = s.pointer(elem)
		}
		out.Path = append(out.Path, step)
	}
	for _, p := range m.When {
		if p == model.PresentNotZero {
			out.Zero = s.pointer(typ)
		}
	}
	return out
}
