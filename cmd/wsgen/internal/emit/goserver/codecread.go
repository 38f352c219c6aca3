package goserver

import (
	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// reader is the function that reads a value and returns it.
func (c *codecs) reader(ref model.CodecRef) jen.Code {
	return c.function(readValue, ref, func(name string, codec *model.Codec) jen.Code {
		body := append(c.read(ref, at(c.id("v"))), jen.Return(c.id("v")))
		return gofile.Doc(name + " reads " + article(typeName(codec.Type)) + "; what is not written plainly is for encoding/json.").
			Add(c.readFunc(name, c.Type(codec.Type), body...))
	})
}

func (c *codecs) readFunc(name string, typ jen.Code, body ...jen.Code) jen.Code {
	return jen.Func().Id(name).Params(c.id("r").Op("*").Add(c.JSON("Reader"))).
		Params(c.id("v").Add(typ)).Block(body...)
}

// into is the function that reads into a value through a pointer. The value may
// have been read into before: of a member that comes twice, encoding/json lets the
// last one count, and merges objects.
func (c *codecs) into(ref model.CodecRef) jen.Code {
	return c.function(readInto, ref, func(name string, codec *model.Codec) jen.Code {
		var body []jen.Code
		switch codec.Kind {
		case model.CodecStruct:
			body = c.structInto(ref, codec)
		case model.CodecSlice:
			body = c.sliceInto(ref, codec)
		case model.CodecArray:
			body = c.arrayInto(ref, codec)
		default:
			body = c.mapInto(ref, codec)
		}
		return gofile.Doc(name + " reads " + article(typeName(codec.Type)) + ".").
			Func().Id(name).Add(parameters(codec.Type,
			c.id("r").Op("*").Add(c.JSON("Reader")),
			c.id("v").Op("*").Add(c.Type(codec.Type)),
		)).Block(body...)
	})
}

// read are the statements that read what comes next into a value. encoding/json
// gets a variable of its own that begins as the value does: a pointer to the value
// would put all around it on the heap.
func (c *codecs) read(ref model.CodecRef, to place) []jen.Code {
	r := c.id("r")
	if ref == 0 {
		std := c.id("std")
		return []jen.Code{
			jen.Add(std).Op(":=").Add(to.value),
			c.JSON("ReadStd").Call(r, jen.Op("&").Add(std)),
			jen.Add(to.value).Op("=").Add(std),
		}
	}
	switch codec := c.of(ref); codec.Kind {
	case model.CodecPointer:
		return c.readPointer(codec, to, c.read(codec.Elem, behind(to.value)))
	case model.CodecStruct, model.CodecSlice, model.CodecArray, model.CodecMap:
		return []jen.Code{jen.Add(c.into(ref)).Call(r, to.addr)}
	default:
		return []jen.Code{c.JSON("Read"+word(codec.Kind)).Call(r, to.addr)}
	}
}

// readPointer reads null, or what the pointer leads to.
func (c *codecs) readPointer(codec *model.Codec, to place, elem []jen.Code) []jen.Code {
	made := jen.If(jen.Add(to.value).Op("==").Nil()).Block(
		jen.Add(to.value).Op("=").New(c.Type(c.of(codec.Elem).Type)))
	return []jen.Code{
		jen.If(c.id("r").Dot("Null").Call()).Block(jen.Add(to.value).Op("=").Nil()).
			Else().Block(append([]jen.Code{made}, elem...)...),
	}
}

// readQuoted reads a number or a boolean that stands in a string.
func (c *codecs) readQuoted(ref model.CodecRef, to place) []jen.Code {
	codec := c.of(ref)
	if codec.Kind == model.CodecPointer {
		return c.readPointer(codec, to, c.readQuoted(codec.Elem, behind(to.value)))
	}
	return []jen.Code{c.JSON("Quoted"+word(codec.Kind)).Call(c.id("r"), to.addr)}
}

// each steps through an object or an array.
func (c *codecs) each(open, next string, body ...jen.Code) jen.Code {
	more, r := c.id("more"), c.id("r")
	return jen.For(
		jen.Add(more).Op(":=").Add(r).Dot(open).Call(), more, jen.Add(more).Op("=").Add(r).Dot(next).Call(),
	).Block(body...)
}

// members steps through an object and reads the members with these names.
func (c *codecs) members(names []string, cases []jen.Code) jen.Code {
	r := c.id("r")
	known := make([]jen.Code, len(names))
	for i, name := range names {
		known[i] = jen.Lit(name)
	}
	skip := jen.Add(r).Dot("Skip").Call(known...)
	if len(cases) == 0 {
		return c.each("Object", "More", skip)
	}
	return c.each("Object", "More", jen.Switch(jen.String().Parens(jen.Add(r).Dot("Name").Call())).
		Block(append(cases, jen.Default().Block(skip))...))
}

func (c *codecs) structInto(ref model.CodecRef, codec *model.Codec) []jen.Code {
	var names []string
	var cases []jen.Code
	for _, m := range codec.Members {
		value := c.id("v")
		var lines []jen.Code
		for _, step := range m.Path {
			value.Dot(step.Name)
			if step.New != nil {
				way := jen.Add(*value...)
				lines = append(lines, jen.If(jen.Add(way).Op("==").Nil()).Block(jen.Add(way).Op("=").New(c.Type(*step.New))))
			}
		}
		read := c.read
		if m.Quoted {
			read = c.readQuoted
		}
		names = append(names, m.JSON)
		cases = append(cases, jen.Case(jen.Lit(m.JSON)).Block(append(lines, read(m.Codec, at(value))...)...))
	}
	return c.entered(ref, "r", c.members(names, cases))
}

// sliceInto reads a slice that has nothing yet. encoding/json would use elements
// that are there again, with what they hold.
func (c *codecs) sliceInto(ref model.CodecRef, codec *model.Codec) []jen.Code {
	r, v, s := c.id("r"), c.id("v"), c.id("s")
	more, start := c.id("more"), c.id("start")
	loop := jen.For(
		jen.List(more, start).Op(":=").List(jen.Add(r).Dot("Array").Call(), jen.Add(r).Dot("Pos").Call()),
		more, jen.Add(more).Op("=").Add(r).Dot("Elem").Call(),
	).Block(c.appended(codec)...)
	return append(c.unlessNull(jen.Op("*").Add(v).Op("=").Nil()), c.entered(ref, "r",
		jen.Add(r).Dot("Require").Call(jen.Op("*").Add(v).Op("==").Nil()),
		jen.Add(s).Op(":=").Add(c.Type(codec.Type)).Values(),
		loop,
		jen.Op("*").Add(v).Op("=").Add(s),
	)...)
}

// appended reads an element and appends it. How many there are room for is guessed
// by the length of the first. What is long is read where it stays.
func (c *codecs) appended(codec *model.Codec) []jen.Code {
	r, s, e := c.id("r"), c.id("s"), c.id("e")
	elem := c.of(codec.Elem)
	room := jen.Make(c.Type(codec.Type), jen.Lit(0), jen.Add(r).Dot("Guess").Call(c.id("start"), jen.Lit(max(1, c.size(codec.Elem)))))
	first := jen.If(jen.Cap(s).Op("==").Lit(0))
	one := append([]jen.Code{jen.Var().Add(e, c.Type(elem.Type))}, c.read(codec.Elem, at(e))...)
	if elem.Kind != model.CodecStruct && elem.Kind != model.CodecArray {
		return append(one,
			first.Block(jen.Add(s).Op("=").Add(room)),
			jen.Add(s).Op("=").Append(s, e),
		)
	}
	last := jen.Add(s).Index(jen.Len(s).Op("-").Lit(1))
	return append([]jen.Code{
		first.Block(append(one, jen.Add(s).Op("=").Append(room, e), jen.Continue())...),
		jen.Add(s).Op("=").Append(s, c.Type(elem.Type).Values()),
	}, c.read(codec.Elem, at(last))...)
}

func (c *codecs) arrayInto(ref model.CodecRef, codec *model.Codec) []jen.Code {
	r, v, i := c.id("r"), c.id("v"), c.id("i")
	full := jen.If(jen.Add(i).Op("==").Len(v)).Block(jen.Add(r).Dot("Odd").Call(), jen.Return())
	lines := append([]jen.Code{full}, c.read(codec.Elem, at(jen.Add(v).Index(i)))...)
	return append(c.unlessNull(), c.entered(ref, "r",
		jen.Add(i).Op(":=").Lit(0),
		c.each("Array", "Elem", append(lines, jen.Add(i).Op("++"))...),
		jen.Clear(jen.Add(v).Index(jen.Add(i).Op(":"))),
	)...)
}

// mapInto reads members into a map that may have some.
func (c *codecs) mapInto(ref model.CodecRef, codec *model.Codec) []jen.Code {
	r, v, key, e := c.id("r"), c.id("v"), c.id("key"), c.id("e")
	name := jen.Add(r).Dot("Key").Call()
	if codec.Key != nil {
		name = c.Type(*codec.Key).Parens(name)
	}
	lines := []jen.Code{jen.Add(key).Op(":=").Add(name), jen.Var().Add(e, c.Type(c.of(codec.Elem).Type))}
	lines = append(append(lines, c.read(codec.Elem, at(e))...),
		jen.Parens(jen.Op("*").Add(v)).Index(key).Op("=").Add(e))
	return append(c.unlessNull(jen.Op("*").Add(v).Op("=").Nil()), c.entered(ref, "r",
		jen.If(jen.Op("*").Add(v).Op("==").Nil()).Block(jen.Op("*").Add(v).Op("=").Make(c.Type(codec.Type))),
		c.each("Object", "More", lines...),
	)...)
}

// unlessNull returns from a function if null comes, after these statements.
func (c *codecs) unlessNull(then ...jen.Code) []jen.Code {
	return []jen.Code{jen.If(c.id("r").Dot("Null").Call()).Block(append(then, jen.Return())...)}
}

// size is about how many bytes a value has, the same in every build. What
// encoding/json reads is taken for an interface.
func (c *codecs) size(ref model.CodecRef) int {
	if ref == 0 {
		return 16
	}
	switch codec := c.of(ref); codec.Kind {
	case model.CodecString:
		return 16
	case model.CodecTime, model.CodecRaw, model.CodecBytes, model.CodecSlice:
		return 24
	case model.CodecArray:
		return min(int(min(codec.Len, 1<<13))*c.size(codec.Elem), 1<<13)
	case model.CodecStruct:
		size := 0
		for _, m := range codec.Members {
			size += c.size(m.Codec)
		}
		return size
	}
	return 8
}
