package wiretype

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Sample is JSON of a shape, with all members and one of what there may be many
// of. Of a shape that says nothing it is a string.
func Sample(shape *model.Shape) string { return newSampler().sample(shape) }

// SampleObject is an object of members, as Sample.
func SampleObject(members []*model.Member) string { return newSampler().object(members) }

// sampler makes one sample.
type sampler struct {
	inside []*model.Def // the declared types that it is in
	left   int          // how many values there still may be; what lies beyond is null
}

func newSampler() *sampler { return &sampler{left: 200} }

// elements is how many of an array of one length are written out.
const elements = 4

func (s *sampler) sample(shape *model.Shape) string {
	if s.left--; s.left < 0 {
		return "null"
	}
	text := s.bare(shape)
	if shape.Quoted {
		return quoted(text)
	}
	return text
}

func (s *sampler) bare(shape *model.Shape) string {
	switch shape.Kind {
	case model.ShapeBool:
		return "true"
	case model.ShapeInteger:
		return "1"
	case model.ShapeNumber:
		return "1.5"
	case model.ShapeArray:
		return s.many(shape, 1)
	case model.ShapeTuple:
		return s.many(shape, int(min(shape.Len, elements)))
	case model.ShapeMap:
		key := s.sample(shape.Key)
		if !strings.HasPrefix(key, `"`) {
			key = quoted(key)
		}
		return "{" + key + ":" + s.sample(shape.Elem) + "}"
	case model.ShapeObject:
		return s.object(shape.Fields)
	case model.ShapeEnum:
		if first := shape.Values[0]; first.Int != "" {
			return first.Int
		}
		return quoted(shape.Values[0].Text)
	case model.ShapeRef:
		return s.declared(shape.Def)
	}
	return quoted(text(shape.Format))
}

// text is a string of a format.
func text(format string) string {
	switch format {
	case "date-time":
		return "2026-01-02T03:04:05Z"
	case "byte":
		return "YQ=="
	}
	return "a"
}

// declared is a value of a declared type; null within itself.
func (s *sampler) declared(def *model.Def) string {
	if slices.Contains(s.inside, def) {
		return "null"
	}
	s.inside = append(s.inside, def)
	defer func() { s.inside = s.inside[:len(s.inside)-1] }()
	return s.sample(def.Shape)
}

func (s *sampler) many(shape *model.Shape, n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = s.sample(shape.Elem)
	}
	return "[" + strings.Join(items, ",") + "]"
}

func (s *sampler) object(members []*model.Member) string {
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = quoted(m.Name) + ":" + s.sample(m.Shape)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// quoted is text as JSON has a string.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return strconv.Quote(text) // unreachable: a string has JSON
	}
	return string(b)
}
