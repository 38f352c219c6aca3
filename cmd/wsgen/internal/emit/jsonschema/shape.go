package jsonschema

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Way is who writes a value.
type Way uint8

// The ways. What is taken is what encoding/json decodes, which is more than what
// is sent: no member has to be there, and arrays of a length may have another one.
const (
	Sent  Way = iota // by the server
	Taken            // by a client
)

// integers is the pattern of an integer that stands in a string.
const integers = "^-?[0-9]+$"

// Of is the schema of a shape.
func (d Dialect) Of(s *model.Shape, w Way) *Schema {
	if s.Quoted {
		return quoted(s, w)
	}
	out := &Schema{}
	switch s.Kind {
	case model.ShapeAny:
		return out
	case model.ShapeRef:
		return d.reference(s, w)
	case model.ShapeBool:
		out.Type = Types{"boolean"}
	case model.ShapeString:
		out.Type, out.Format = Types{"string"}, s.Format
		if s.Format == "byte" {
			out.ContentEncoding = "base64"
		}
	case model.ShapeInteger:
		out.Type, out.Format = Types{"integer"}, s.Format
		out.bounds(s.Format)
	case model.ShapeNumber:
		out.Type, out.Format = Types{"number"}, s.Format
	case model.ShapeEnum:
		return enum(s, w)
	case model.ShapeArray:
		out.Type, out.Items = Types{"array"}, d.Of(s.Elem, w)
	case model.ShapeTuple:
		d.array(out, s, w)
	case model.ShapeMap:
		out.Type, out.AdditionalProperties, out.PropertyNames = Types{"object"}, d.Of(s.Elem, w), names(s.Key, w)
	case model.ShapeObject:
		d.object(out, s, w)
	}
	if s.Null {
		out.Type = append(out.Type, "null")
	}
	return out
}

// bounds are those of an integer of up to 32 bits, and that an unsigned one is not
// negative. Programs that read schemas know no larger numbers for sure.
func (s *Schema) bounds(format string) {
	digits := strings.TrimLeft(format, "uint")
	bits, err := strconv.Atoi(digits)
	unsigned := strings.HasPrefix(format, "uint")
	if unsigned {
		s.Minimum = "0"
	}
	switch {
	case err != nil || bits > 32:
	case unsigned:
		s.Maximum = json.Number(strconv.FormatInt(1<<bits-1, 10))
	default:
		s.Minimum = json.Number(strconv.FormatInt(-1<<(bits-1), 10))
		s.Maximum = json.Number(strconv.FormatInt(1<<(bits-1)-1, 10))
	}
}

// enum is a scalar with constants. encoding/json takes every value of its kind.
func enum(s *model.Shape, w Way) *Schema {
	kind, integer := "string", s.Values[0].Int != ""
	if integer {
		kind = "integer"
	}
	values := distinct(s.Values)
	if w == Sent {
		return &Schema{Type: Types{kind}, Enum: values}
	}
	out := &Schema{Type: Types{kind}, Examples: values}
	if integer {
		out.Format = s.Format
		out.bounds(s.Format)
	}
	return out
}

// distinct are the values of an enum, each once.
func distinct(values []model.Value) (all []json.RawMessage) {
	for _, v := range values {
		raw := value(v)
		if !slices.ContainsFunc(all, func(other json.RawMessage) bool { return string(other) == string(raw) }) {
			all = append(all, raw)
		}
	}
	return all
}

func value(v model.Value) json.RawMessage {
	if v.Int != "" {
		return json.RawMessage(v.Int)
	}
	return text(v.Text)
}

// text is a string of JSON.
func text(s string) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // unreachable: a string has JSON
	}
	return raw
}

// ofValues says what the values of an enum mean, one a line.
func ofValues(values []model.Value) string {
	var lines []string
	for _, v := range values {
		if v.Doc.Text != "" {
			lines = append(lines, "- "+string(value(v))+": "+strings.ReplaceAll(v.Doc.Text, "\n", " "))
		}
	}
	return strings.Join(lines, "\n")
}

// long is the length from which on the elements of an array are not written out.
const long = 16

// array is an array of one length. Of what a client sends, elements that are
// missing are zero, and those beyond are ignored.
func (d Dialect) array(out *Schema, s *model.Shape, w Way) {
	out.Type = Types{"array"}
	length := json.Number(strconv.FormatInt(s.Len, 10))
	if s.Len > 0 && s.Len <= long {
		var elements []*Schema
		for range s.Len {
			elements = append(elements, d.Of(s.Elem, w))
		}
		d.tuple(out, elements)
	} else if s.Len > 0 {
		out.Items = d.Of(s.Elem, w)
	}
	if w == Sent {
		out.MaxItems = length
		if s.Len > 0 {
			out.MinItems = length
		}
	}
}

// names are those of the members of a map.
func names(key *model.Shape, w Way) *Schema {
	if key.Kind == model.ShapeRef {
		key = key.Def.Shape
	}
	switch {
	case key.Kind == model.ShapeInteger, key.Kind == model.ShapeEnum && w == Taken && key.Values[0].Int != "":
		return &Schema{Pattern: integers}
	case key.Kind == model.ShapeEnum && w == Sent:
		out := &Schema{}
		for _, raw := range distinct(key.Values) {
			if raw[0] != '"' {
				raw = text(string(raw))
			}
			out.Enum = append(out.Enum, raw)
		}
		return out
	case key.Format != "":
		return &Schema{Format: key.Format}
	}
	return nil
}

// object is that of a struct.
func (d Dialect) object(out *Schema, s *model.Shape, w Way) {
	out.Type = Types{"object"}
	for _, m := range s.Fields {
		property := d.member(m, w)
		property.describe(m.Doc)
		if m.Doc != (model.Doc{}) || w == Taken && m.Rules.Any() {
			property = d.beside(property)
		}
		out.Properties.Add(m.Name, property)
		if w == Sent && !m.Optional || w == Taken && m.Required {
			out.Required = append(out.Required, m.Name)
		}
	}
}

// member is the schema of a member without what it says of it.
func (d Dialect) member(m *model.Member, w Way) *Schema {
	out := d.Of(m.Shape, w)
	if w == Taken {
		out.rules(m.Rules, m.Shape)
	}
	return out
}

// rules narrow what is taken.
func (s *Schema) rules(r model.Rules, shape *model.Shape) {
	kind := shape.Kind
	if kind == model.ShapeRef {
		kind = shape.Def.Shape.Kind
	}
	switch {
	case shape.Quoted:
		return
	case kind == model.ShapeArray:
		s.MinItems, s.MaxItems = json.Number(r.MinLen), json.Number(r.MaxLen)
	case kind == model.ShapeMap:
		s.MinProperties, s.MaxProperties = json.Number(r.MinLen), json.Number(r.MaxLen)
	case kind == model.ShapeString || kind == model.ShapeEnum:
		s.MinLength, s.MaxLength = json.Number(r.MinLen), json.Number(r.MaxLen)
	}
	s.Minimum, s.Maximum = or(r.Min, s.Minimum), or(r.Max, s.Maximum)
	s.ExclusiveMinimum, s.ExclusiveMaximum = json.Number(r.Above), json.Number(r.Below)
	if r.Format != "" && s.Format == "" {
		s.Format = r.Format
	}
	s.Enum = append(s.Enum, oneOf(r.OneOf, kind)...)
	if len(s.Enum) > 0 && shape.Null {
		s.Enum = append(s.Enum, json.RawMessage("null"))
	}
}

// oneOf are the values that a rule allows; none if one of them is no value of its
// kind.
func oneOf(words []string, kind model.ShapeKind) (all []json.RawMessage) {
	for _, word := range words {
		raw := text(word)
		if kind == model.ShapeInteger || kind == model.ShapeNumber {
			raw = json.RawMessage(word)
		}
		if !json.Valid(raw) {
			return nil
		}
		all = append(all, raw)
	}
	return all
}

func or(rule string, otherwise json.Number) json.Number {
	if rule == "" {
		return otherwise
	}
	return json.Number(rule)
}

// quoted is a scalar that stands in a string.
func quoted(s *model.Shape, w Way) *Schema {
	out := &Schema{Type: Types{"string"}}
	plain := s
	if s.Kind == model.ShapeRef {
		plain = s.Def.Shape
	}
	integer := plain.Kind == model.ShapeInteger
	switch {
	case plain.Kind == model.ShapeEnum && w == Sent:
		for _, raw := range distinct(plain.Values) {
			out.Enum = append(out.Enum, text(string(raw)))
		}
		if s.Null {
			out.Enum = append(out.Enum, json.RawMessage("null"))
		}
	case plain.Kind == model.ShapeEnum:
		integer = plain.Values[0].Int != ""
	case plain.Kind == model.ShapeBool:
		out.Pattern = "^(true|false)$"
	}
	if integer {
		out.Pattern = integers
	}
	if s.Null {
		out.Type = append(out.Type, "null")
	}
	return out
}
