package wiretype

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Misfit is a part of a value that is not what a shape says.
type Misfit struct {
	Pointer string // of the part (RFC 6901); "" is the whole
	Why     string // what is wrong, behind the name of the part
}

// Fits says where a value is none of a shape that goes a way. The value is one that
// encoding/json has decoded, with numbers as json.Number. It is held to what is meant
// more than to what encoding/json takes: members are those of the type, and a value of
// an enum is one of its constants.
func Fits(s *model.Shape, value any, w Way) (m Misfit, bad bool) {
	if value == nil {
		return Misfit{Why: "may not be null"}, !s.Null && s.Kind != model.ShapeAny
	}
	if s.Quoted {
		_, ok := value.(string)
		return Misfit{Why: "is no string"}, !ok
	}
	switch s.Kind {
	case model.ShapeAny:
		return m, false
	case model.ShapeRef:
		shape := s.Def.Taken
		if w == Out {
			shape = s.Def.Sent
		}
		return Fits(shape, value, w)
	case model.ShapeArray, model.ShapeTuple:
		return fitsList(s, value, w)
	case model.ShapeMap, model.ShapeObject:
		return fitsObject(s, value, w)
	case model.ShapeEnum:
		ok := slices.ContainsFunc(s.Values, func(v model.Value) bool {
			return v.Int == "" && value == any(v.Text) || v.Int != "" && value == any(json.Number(v.Int))
		})
		return Misfit{Why: "is none of the constants"}, !ok
	}
	why := fitsScalar(s, value)
	return Misfit{Why: why}, why != ""
}

func fitsScalar(s *model.Shape, value any) string {
	number, isNumber := value.(json.Number)
	switch s.Kind {
	case model.ShapeBool:
		if _, ok := value.(bool); !ok {
			return "is neither true nor false"
		}
	case model.ShapeString:
		text, ok := value.(string)
		if !ok {
			return "is no string"
		}
		if _, err := time.Parse(time.RFC3339, text); s.Format == "date-time" && err != nil {
			return "is no time of RFC 3339"
		}
	case model.ShapeNumber:
		if !isNumber {
			return "is no number"
		}
	case model.ShapeInteger:
		if !isNumber || strings.ContainsAny(number.String(), ".eE") {
			return "is no integer"
		}
		bits, _ := strconv.Atoi(strings.TrimLeft(s.Format, "uintpr")) // 0 is the size of an int
		var err error
		if strings.HasPrefix(s.Format, "u") {
			_, err = strconv.ParseUint(number.String(), 10, bits)
		} else if s.Format != "" {
			_, err = strconv.ParseInt(number.String(), 10, bits)
		}
		if err != nil {
			return "is out of the range of " + s.Format
		}
	}
	return ""
}

func fitsList(s *model.Shape, value any, w Way) (m Misfit, bad bool) {
	list, ok := value.([]any)
	n := int64(len(list))
	switch {
	case !ok:
		return Misfit{Why: "is no array"}, true
	case s.Kind == model.ShapeTuple && (n > s.Len || w == Out && n < s.Len):
		return Misfit{Why: "has not " + strconv.FormatInt(s.Len, 10) + " elements"}, true
	}
	for i, elem := range list {
		if m, bad := Fits(s.Elem, elem, w); bad {
			return Misfit{"/" + strconv.Itoa(i) + m.Pointer, m.Why}, true
		}
	}
	return m, false
}

func fitsObject(s *model.Shape, value any, w Way) (m Misfit, bad bool) {
	object, ok := value.(map[string]any)
	if !ok {
		return Misfit{Why: "is no object"}, true
	}
	known := map[string]*model.Shape{}
	for _, f := range s.Fields {
		known[f.Name] = f.Shape
		if _, ok := object[f.Name]; !ok && (w == Out && !f.Optional || w == In && f.Required) {
			return Misfit{pointer(f.Name), "is missing"}, true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		shape := s.Elem
		if s.Kind == model.ShapeObject {
			shape = known[name]
		}
		if shape == nil {
			return Misfit{pointer(name), "is no member of the type"}, true
		}
		if m, bad := Fits(shape, object[name], w); bad {
			return Misfit{pointer(name) + m.Pointer, m.Why}, true
		}
	}
	return m, false
}

// pointer is a step of a JSON pointer.
func pointer(name string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
