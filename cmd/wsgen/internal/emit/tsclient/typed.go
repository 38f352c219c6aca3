package tsclient

import "slices"

// typed is a type as it is written. How its union is laid out depends on where it
// stands.
type typed struct {
	doc
	any []typed // a union of these; else the type is doc
	// hugs says that angle brackets stand close to it: a name, an object, or a
	// reference or null.
	hugs      bool
	reference bool // an object, or a type that is declared
	object    bool // an object in place is a part of it
}

// keyword is a type of the language.
func keyword(name string) typed { return typed{doc: text(name), hugs: true} }

// named is a type that is declared, without arguments.
func named(name string) typed { return typed{doc: text(name), hugs: true, reference: true} }

// literal is a type that is one value.
func literal(value string) typed { return typed{doc: text(value)} }

// object is a type in place. Members of a broken one are one a line.
func object(members []doc) typed {
	if len(members) == 0 {
		return typed{doc: text("{}"), hugs: true, reference: true, object: true}
	}
	inner := group(text("{"), indent(line, separated(";", members)), choice("", text(";")), line, text("}"))
	return typed{doc: inner, hugs: true, reference: true, object: true}
}

// union is one type, or several of which each is enough.
func union(all []typed) typed {
	if len(all) == 1 {
		return all[0]
	}
	t := typed{}
	references, others := 0, 0
	for _, each := range all {
		t.any = append(t.any, each)
		t.object = t.object || each.object
		switch {
		case each.reference:
			references++
		case last(each) == 0:
			others++
		}
	}
	t.hugs = references == 1 && others == 0
	return t
}

// alternatives are the members of a union, or the one type.
func (t typed) alternatives() []typed {
	if t.any == nil {
		return []typed{t}
	}
	return slices.Clone(t.any)
}

// members are those of a union: on one line, or each on its own.
func (t typed) members() doc {
	if t.hugs {
		return hugged(t.any)
	}
	parts := []doc{choice("", text("| "))}
	for i, each := range t.any {
		if i > 0 {
			parts = append(parts, line, text("| "))
		}
		parts = append(parts, indent(each.doc))
	}
	return group(parts...)
}

// hugged are the members of a union that is not broken between them.
func hugged(all []typed) doc {
	var parts []doc
	for i, each := range all {
		if i > 0 {
			parts = append(parts, text(" | "))
		}
		parts = append(parts, each.doc)
	}
	return join(parts...)
}

// behind is the type behind a colon or an equals sign.
func (t typed) behind() doc {
	if t.any == nil {
		return join(text(" "), t.doc)
	}
	if t.hugs {
		return join(text(" "), t.members())
	}
	return group(indent(line, t.members()))
}

// argument is the type in angle brackets.
func (t typed) argument() doc {
	if t.any == nil {
		return t.doc
	}
	return t.members()
}

// generic is a type with arguments.
func generic(name string, args ...typed) typed {
	t := typed{reference: true, object: slices.ContainsFunc(args, func(a typed) bool { return a.object })}
	if len(args) == 1 && args[0].hugs {
		t.doc = join(text(name+"<"), args[0].argument(), text(">"))
		return t
	}
	var items []doc
	for _, a := range args {
		items = append(items, a.argument())
	}
	t.doc = group(text(name+"<"), indent(soft, separated(",", items)), soft, text(">"))
	return t
}

// array is a list of a type.
func array(elem typed) typed {
	t := typed{doc: join(elem.doc, text("[]")), object: elem.object}
	switch {
	case elem.any != nil && elem.hugs:
		t.doc = join(text("("), elem.members(), text(")[]"))
	case elem.any != nil:
		t.doc = join(text("("), group(indent(soft, elem.members()), soft), text(")[]"))
	}
	return t
}

// tuple is a list of one length.
func tuple(elem typed, length int) typed {
	t := typed{object: elem.object}
	item := elem.argument()
	if elem.any != nil && !elem.hugs && length > 1 {
		item = group(indent(choice("", text("("), soft), elem.members()), soft, choice("", text(")")))
	}
	t.doc = group(list("[", slices.Repeat([]doc{item}, length), "]"))
	return t
}

// hardened is d with all objects broken, as prettier leaves objects whose first
// member stands on a line of its own.
func (d doc) hardened() doc {
	var parts []doc
	for _, part := range d.parts {
		parts = append(parts, part.hardened())
	}
	d.parts = parts
	if d.kind == isGroup {
		d.broken = d.parts[0].text == "{" || slices.ContainsFunc(parts, doc.breaks)
	}
	return d
}
