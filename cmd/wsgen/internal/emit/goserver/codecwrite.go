package goserver

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// writer is the function that writes a value that it is given.
func (c *codecs) writer(ref model.CodecRef) jen.Code {
	switch codec := c.of(ref); codec.Kind {
	case model.CodecStruct, model.CodecArray, model.CodecPointer:
		return c.function(writeValue, ref, func(name string, codec *model.Codec) jen.Code {
			return c.writeFunc(name, codec, c.Type(codec.Type), c.write(ref, at(c.id("v"))))
		})
	case model.CodecSlice, model.CodecMap:
		return c.from(ref)
	default:
		return c.JSON("Write" + word(codec.Kind))
	}
}

func (c *codecs) writeFunc(name string, codec *model.Codec, typ jen.Code, body []jen.Code) jen.Code {
	return gofile.Doc(name + " writes " + article(typeName(codec.Type)) + " as encoding/json does.").
		Func().Id(name).Add(parameters(codec.Type, c.id("w").Op("*").Add(c.JSON("Writer")), c.id("v").Add(typ))).Block(body...)
}

// from is the function that writes a value where it stands: a struct or an array
// by a pointer to it, a slice or a map itself.
func (c *codecs) from(ref model.CodecRef) jen.Code {
	if kind := c.of(ref).Kind; kind == model.CodecSlice || kind == model.CodecMap {
		return c.function(writeValue, ref, func(name string, codec *model.Codec) jen.Code {
			body := c.sliceFrom(codec)
			if kind == model.CodecMap {
				body = c.mapFrom(codec)
			}
			return c.writeFunc(name, codec, c.Type(codec.Type), append([]jen.Code{
				jen.If(c.id("v").Op("==").Nil()).Block(c.id("w").Dot("Null").Call(), jen.Return()),
			}, c.entered(ref, "w", body...)...))
		})
	}
	return c.function(writeFrom, ref, func(name string, codec *model.Codec) jen.Code {
		body := c.sliceFrom
		if codec.Kind == model.CodecStruct {
			body = c.structFrom
		}
		return c.writeFunc(name, codec, jen.Op("*").Add(c.Type(codec.Type)), c.entered(ref, "w", body(codec)...))
	})
}

// write are the statements that write a value. encoding/json gets a pointer to it,
// since a method may want one.
func (c *codecs) write(ref model.CodecRef, from place) []jen.Code {
	w := c.id("w")
	if ref == 0 {
		return []jen.Code{c.JSON("WriteStd").Call(w, from.addr)}
	}
	switch codec := c.of(ref); codec.Kind {
	case model.CodecPointer:
		return c.writePointer(from, c.write(codec.Elem, behind(from.value)))
	case model.CodecStruct, model.CodecArray:
		return []jen.Code{jen.Add(c.from(ref)).Call(w, from.addr)}
	case model.CodecSlice, model.CodecMap:
		return []jen.Code{jen.Add(c.from(ref)).Call(w, from.value)}
	default:
		return []jen.Code{c.JSON("Write"+word(codec.Kind)).Call(w, from.value)}
	}
}

func (c *codecs) writePointer(from place, elem []jen.Code) []jen.Code {
	return []jen.Code{
		jen.If(jen.Add(from.value).Op("==").Nil()).Block(c.id("w").Dot("Null").Call()).Else().Block(elem...),
	}
}

// writeQuoted writes a number or a boolean in a string.
func (c *codecs) writeQuoted(ref model.CodecRef, from place) []jen.Code {
	codec := c.of(ref)
	if codec.Kind == model.CodecPointer {
		return c.writePointer(from, c.writeQuoted(codec.Elem, behind(from.value)))
	}
	return []jen.Code{c.JSON("Quote"+word(codec.Kind)).Call(c.id("w"), from.value)}
}

// lit is a statement that writes text.
func (c *codecs) lit(text string) jen.Code { return c.id("w").Dot("Lit").Call(literal(text)) }

// structFrom writes an object. What is the same for all values between two of
// them is written at once.
func (c *codecs) structFrom(codec *model.Codec) []jen.Code {
	const (
		none  = iota // no member has been written
		maybe        // nobody knows
		some
	)
	var lines []jen.Code
	before, text := none, "{"
	for _, m := range codec.Members {
		conditions, value, never := c.presence(m)
		if never {
			continue
		}
		name := `"` + m.JSON + `":`
		var put jen.Code
		switch before {
		case none:
			put = c.lit(name)
		case maybe:
			put = c.id("w").Dot("Member").Call(literal(name))
		case some:
			name = "," + name
			put = c.lit(name)
		}
		written := c.member(m, value)
		switch {
		case len(*conditions) > 0:
			if text != "" {
				lines, text = append(lines, c.lit(text)), ""
			}
			lines = append(lines, jen.If(conditions).Block(append([]jen.Code{put}, written...)...))
			before = max(before, maybe)
			continue
		case before == maybe:
			lines = append(lines, put)
		default:
			lines, text = append(lines, c.lit(text+name)), ""
		}
		lines, before = append(lines, written...), some
	}
	return append(lines, c.lit(text+"}"))
}

// member writes the value of a member, whose conditions hold.
func (c *codecs) member(m model.CodecMember, value jen.Code) []jen.Code {
	write, ref, from := c.write, m.Codec, at(value)
	if m.Quoted {
		write = c.writeQuoted
	}
	if ref != 0 && c.of(ref).Kind == model.CodecPointer && slices.Contains(m.When, model.PresentNotNil) {
		ref, from = c.of(ref).Elem, behind(value)
	}
	return write(ref, from)
}

// presence is the condition under which a member is written, which is empty if it
// always is; the value; and whether it is never written.
func (c *codecs) presence(m model.CodecMember) (all, value *jen.Statement, never bool) {
	all, value = &jen.Statement{}, c.id("v")
	and := func(condition jen.Code) {
		if len(*all) > 0 {
			all.Op("&&")
		}
		all.Add(condition)
	}
	for _, step := range m.Path {
		value.Dot(step.Name)
		if step.New != nil {
			and(jen.Add(*value...).Op("!=").Nil())
		}
	}
	is := func() *jen.Statement { return jen.Add(*value...) }
	for _, p := range m.When {
		switch p {
		case model.PresentNever:
			never = true
		case model.PresentTrue:
			and(is())
		case model.PresentNumber:
			and(is().Op("!=").Lit(0))
		case model.PresentText:
			and(is().Op("!=").Lit(""))
		case model.PresentElems:
			and(jen.Len(is()).Op("!=").Lit(0))
		case model.PresentNotNil:
			and(is().Op("!=").Nil())
		case model.PresentNotZero:
			and(is().Op("!=").Parens(c.Type(*m.Zero).Values()))
		case model.PresentByMethod:
			and(jen.Op("!").Add(is()).Dot("IsZero").Call())
		}
	}
	return all, value, never
}

// sliceFrom writes a slice, or an array that v points to.
func (c *codecs) sliceFrom(codec *model.Codec) []jen.Code {
	i := c.id("i")
	lines := append([]jen.Code{
		jen.If(jen.Add(i).Op(">").Lit(0)).Block(c.lit(",")),
	}, c.write(codec.Elem, at(c.id("v").Index(i)))...)
	return []jen.Code{
		c.lit("["),
		jen.For(jen.Add(i).Op(":=").Range().Add(c.id("v"))).Block(lines...),
		c.lit("]"),
	}
}

// mapFrom writes a map, in the order of its keys.
func (c *codecs) mapFrom(codec *model.Codec) []jen.Code {
	w, v, keys, key, e := c.id("w"), c.id("v"), c.id("keys"), c.id("key"), c.id("e")
	index := jen.Code(key)
	if codec.Key != nil {
		index = c.Type(*codec.Key).Parens(key)
	}
	value := jen.Add(v).Index(index)
	lines := []jen.Code{c.JSON("WriteKey").Call(w, key)}
	switch c.of(codec.Elem).Kind {
	case model.CodecStruct, model.CodecArray, model.CodecPointer: // they are looked at more than once
		lines = append(lines, jen.Add(e).Op(":=").Add(value))
		value = e
	}
	return []jen.Code{
		c.lit("{"),
		jen.Add(keys).Op(":=").Add(c.JSON("Keys")).Call(w, v),
		jen.For(jen.List(jen.Id("_"), key).Op(":=").Range().Add(keys)).Block(append(lines, c.write(codec.Elem, at(value))...)...),
		jen.Add(w).Dot("Done").Call(keys),
		c.lit("}"),
	}
}
