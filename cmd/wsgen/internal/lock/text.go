package lock

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// text is what clients of a gateway rely on: blocks with an empty line between them,
// of the gateway, of what it hears and is asked, and of the declared types. A block
// has its lines sorted. Types are numbered as they are first used, and by the way
// that they go, since what is taken is not all that is sent.
func text(f *model.Facade) string {
	w := &writer{numbers: map[use]int{}}
	w.gateway(f)
	w.registry(f.Registry)
	for i := 0; i < len(w.order); i++ { // describing a type may find another one
		w.declared(i + 1)
	}
	return strings.Join(w.blocks, "\n")
}

// writer writes the blocks of one text.
type writer struct {
	blocks  []string
	numbers map[use]int
	order   []use
}

// use is a declared type that goes one way.
type use struct {
	def *model.Def
	way way
}

type way bool

const (
	sent  way = false
	taken way = true
)

func (w *writer) block(head string, lines []string) {
	w.blocks = append(w.blocks, head+"\n"+strings.Join(lines, ""))
}

func (w *writer) gateway(f *model.Facade) {
	calls := slices.SortedFunc(slices.Values(f.Calls), func(a, b *model.Call) int { return strings.Compare(a.Event, b.Event) })
	lines := []string{"  access " + access(f.Access) + "\n"}
	for _, c := range calls {
		verb := "call"
		if c.Stream {
			verb = "stream"
		}
		line := "  " + verb + " " + event(c.Event)
		if data := w.data(c.In); data != "" {
			line += " " + data
		}
		if c.Out != nil {
			line += " -> " + w.shape(c.Out, sent)
		}
		if c.Access != f.Access {
			line += " " + access(c.Access)
		}
		if c.Closed {
			line += strings.TrimRight(" ! "+strings.Join(c.Errors, " "), " ")
		}
		lines = append(lines, line+"\n")
	}
	protocol := f.Gateway.Protocol
	if protocol == "" {
		protocol = "events"
	}
	w.block("gateway "+f.Gateway.Path+" "+protocol, lines)
}

func access(a model.Access) string { return []string{"open", "public", "guarded"}[a] }

// event is a name, in quotes if it could be taken for something else.
func event(name string) string {
	if name == "" || strings.ContainsAny(name, " \t\"!|?{}[](),") || strings.HasPrefix(name, "->") {
		return strconv.Quote(name)
	}
	return name
}

// data is what comes with a call; "" is nothing.
func (w *writer) data(in model.Data) string {
	switch in.Form {
	case model.DataNone:
		return ""
	case model.DataWhole, model.DataNullable:
		return w.shape(in.Shape, taken)
	case model.DataScalar:
		return w.object(in.Members, taken) + "|" + w.shape(in.Members[0].Shape, taken)
	}
	return w.object(in.Members, taken)
}

func (w *writer) registry(r *model.Registry) {
	var lines []string
	for _, a := range slices.SortedFunc(slices.Values(r.Asks), func(a, b *model.Asked) int { return strings.Compare(a.Event, b.Event) }) {
		lines = append(lines, "  ask "+event(a.Event)+" "+w.union(a.In, sent)+" -> "+w.union(a.Out, taken)+"\n")
	}
	for _, p := range slices.SortedFunc(slices.Values(r.Pushes), func(a, b *model.Pushed) int { return strings.Compare(a.Event, b.Event) }) {
		line := "  push " + event(p.Event) + " " + w.union(p.Data, sent)
		if p.Kept {
			line += " kept"
		}
		lines = append(lines, line+"\n")
	}
	w.block("registry", lines)
}

func (w *writer) union(shapes []*model.Shape, to way) string {
	var all []string
	for _, s := range shapes {
		if s == nil {
			all = append(all, "null")
		} else {
			all = append(all, w.shape(s, to))
		}
	}
	return strings.Join(all, "|")
}

// declared writes the block of the type with a number.
func (w *writer) declared(number int) {
	u := w.order[number-1]
	shape := u.def.Sent
	if u.way == taken {
		shape = u.def.Taken
	}
	head, lines := "type "+strconv.Itoa(number)+" ", []string(nil)
	switch shape.Kind {
	case model.ShapeObject:
		head += "object"
		for _, m := range byName(shape.Fields) {
			lines = append(lines, "  "+w.member(m, u.way)+"\n")
		}
	case model.ShapeEnum:
		head += scalar(shape)
		for _, v := range shape.Values {
			line := "  " + v.Int + "\n"
			if v.Int == "" {
				line = "  " + strconv.Quote(v.Text) + "\n"
			}
			lines = append(lines, line)
		}
		slices.Sort(lines)
		lines = slices.Compact(lines)
	default:
		head += w.shape(shape, u.way)
	}
	w.block(head, lines)
}

func byName(members []*model.Member) []*model.Member {
	return slices.SortedFunc(slices.Values(members), func(a, b *model.Member) int { return strings.Compare(a.Name, b.Name) })
}

func (w *writer) member(m *model.Member, to way) string {
	line := event(m.Name) + " " + w.shape(m.Shape, to)
	switch {
	case to == sent && m.Optional:
		line += " optional"
	case to == taken && m.Required:
		line += " required"
	}
	return line
}

func (w *writer) object(members []*model.Member, to way) string {
	var all []string
	for _, m := range byName(members) {
		all = append(all, w.member(m, to))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// shape is a type by its JSON. A mark of what may be null is about all that stands
// before it; what may be null in it is in parentheses.
func (w *writer) shape(s *model.Shape, to way) string {
	text := ""
	switch s.Kind {
	case model.ShapeArray:
		text = "[]" + w.inner(s.Elem, to)
	case model.ShapeTuple:
		text = "[" + strconv.FormatInt(s.Len, 10) + "]" + w.inner(s.Elem, to)
	case model.ShapeMap:
		text = "map[" + w.shape(s.Key, to) + "]" + w.inner(s.Elem, to)
	case model.ShapeObject:
		text = w.object(s.Fields, to)
	case model.ShapeRef:
		text = strconv.Itoa(w.number(use{s.Def, to}))
	case model.ShapeAny:
		return "any"
	default:
		text = scalar(s)
	}
	if s.Quoted {
		text = `"` + text + `"`
	}
	if s.Null {
		text += "?"
	}
	return text
}

func (w *writer) inner(s *model.Shape, to way) string {
	text := w.shape(s, to)
	if s.Null && s.Kind != model.ShapeAny {
		return "(" + text + ")"
	}
	return text
}

func (w *writer) number(u use) int {
	if w.numbers[u] == 0 {
		w.order = append(w.order, u)
		w.numbers[u] = len(w.order)
	}
	return w.numbers[u]
}

// scalar is a string, a boolean or a number.
func scalar(s *model.Shape) string {
	switch {
	case s.Kind == model.ShapeBool:
		return "bool"
	case s.Kind == model.ShapeInteger && s.Format != "":
		return s.Format
	case s.Kind == model.ShapeInteger:
		return "integer"
	case s.Kind == model.ShapeNumber && s.Format == "float":
		return "float32"
	case s.Kind == model.ShapeNumber && s.Format == "double":
		return "float64"
	case s.Kind == model.ShapeNumber:
		return "number"
	case s.Kind == model.ShapeEnum && s.Values[0].Int != "":
		return s.Format
	case s.Format == "byte":
		return "bytes"
	case s.Format != "":
		return "string(" + s.Format + ")"
	}
	return "string"
}
