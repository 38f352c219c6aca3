package resolve

import (
	"slices"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// runs resolves where a handler runs, for how long, and how often at once.
func (r *resolver) runs(d *directive.Directive, h *model.Handler, guarded bool) {
	mode, said := d.Option("mode")
	timeout, timed := d.Option("timeout")
	if timed {
		h.Timeout, _ = r.duration(timeout)
	}
	h.Mode = defaultMode(h, guarded, timed)
	if said {
		h.Mode = map[string]model.Mode{"inline": model.Inline, "serial": model.Serial, "parallel": model.Parallel}[mode.Value]
	}
	if h.Mode == model.Inline && timed {
		r.report(diag.TimeoutInline, at{timeout.Pos, timeout.End}, "an inline handler has no timeout: nothing runs beside it that could end it",
			"remove timeout= or mode=inline; a handler with a timeout is serial", r.related(at{mode.Pos, mode.End}, "inline"))
	}
	if o, ok := d.Option("max"); ok {
		n, err := strconv.Atoi(o.Value)
		switch {
		case h.Mode != model.Parallel:
			r.report(diag.MaxAlone, at{o.Pos, o.End}, "max= has no effect: the calls of this handler run one after the other",
				"remove it, or write mode=parallel beside it")
		case err != nil || n < 1:
			r.report(diag.BadValue, value(o), "max= cannot be "+o.Value, "it is a number from 1 up, such as 8: how many calls of one connection may run at once")
		default:
			h.Max = n
		}
	}
}

// duration is the value of an option that is more than no time. It reports what is
// none.
func (r *resolver) duration(o directive.Arg) (d time.Duration, ok bool) {
	d, err := time.ParseDuration(o.Value)
	if err == nil && d > 0 {
		return d, true
	}
	help := "it is a duration, such as 500ms, 5s or 1m30s"
	if n, err := strconv.ParseUint(o.Value, 10, 31); err == nil && n > 0 {
		help = diag.Paste("a duration has a unit", o.Value+"s")
	}
	r.report(diag.BadDuration, value(o), o.Key+"= cannot be "+o.Value, help)
	return 0, false
}

// defaultMode is Serial for a handler that may wait: it takes a context, streams,
// is guarded, or has a timeout. For all others it is Inline, on the read loop.
func defaultMode(h *model.Handler, guarded, timed bool) model.Mode {
	waits := slices.ContainsFunc(h.Params, func(p model.Param) bool { return p.Role == model.RoleContext })
	if waits || guarded || timed || len(h.Guards) > 0 || h.Stream != model.StreamNone {
		return model.Serial
	}
	return model.Inline
}
