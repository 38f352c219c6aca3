package resolve

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// event is the event that a handler's directive names.
func (r *resolver) event(m *bound, d *directive.Directive) (event string, where span, ok bool) {
	o, isConst := d.Option("const")
	switch {
	case isConst && len(d.Args) > 0:
		r.report(diag.EventTwice, at{d.Args[0].Pos, d.Args[0].End}, "the event is given twice, as itself and by const=", "remove one of them")
		return "", nil, false
	case isConst:
		if event, ok = r.constant(m.scope, o); !ok {
			return "", nil, false
		}
		where = value(o)
	case len(d.Args) == 0 && d.Broken:
		return "", nil, false
	case len(d.Args) == 0:
		help := "name the event that " + m.fn.Name() + " handles"
		if event := camel.Lower(cmp.Or(strings.TrimPrefix(m.fn.Name(), "On"), m.fn.Name())); event != "error" { // the protocol's
			help = diag.Paste(help, d.With(event))
		}
		r.report(diag.MissingArgument, head(d), "//ws:subscribe needs an argument: event", help)
		return "", nil, false
	default:
		event, where = d.Args[0].Value, value(d.Args[0])
	}
	return event, where, r.eventName(event, where)
}

// eventName refuses the names that belong to the protocol.
func (r *resolver) eventName(event string, where span) bool {
	var message string
	code, help := diag.BadEvent, "choose another name"
	switch {
	case event == "":
		code, message, help = diag.UnwritableEvent, "the event has an empty name", "give it a name, such as message"
	case event == "error":
		message = "the event error belongs to the protocol"
	case strings.HasPrefix(event, "$"):
		message = "event names that begin with $ belong to the protocol"
	case strings.ContainsFunc(event, isControl):
		code, message, help = diag.UnwritableEvent, fmt.Sprintf("the event %q has a control character", event), "remove it"
	default:
		c, ok := directive.Unseen(event)
		if !ok {
			return true
		}
		code, message, help = diag.UnwritableEvent, fmt.Sprintf("the event %q has a character that nobody sees: U+%04X", event, c), "remove it, or write an ordinary space"
	}
	r.report(code, where, message, help)
	return false
}

func isControl(c rune) bool { return c < 0x20 || 0x7f <= c && c < 0xa0 || c == '\uFFFD' }
