package rows

import "context"

// withSessions is what the label of a server adds whose clients speak
// wsgen.v1.json.
const withSessions = " with sessions"

// sessions makes two setups of each variant of wsgen: plain connections, and
// sessions right behind them.
func (e *Env) sessions(conns int) []setup {
	var out []setup
	for _, k := range e.kinds(named("wsgen")) {
		out = append(out, setup{kind: k, label: k.Name, conns: conns}, setup{kind: k, label: k.Name + withSessions, conns: conns, session: true})
	}
	return out
}

// warmed is how many messages everybody has had before sessions are measured: more
// than is kept of them for a session, so that what keeps them has its size.
const warmed = 300

// near is how many rounds it takes to tell things apart that are nearly the same: the
// gate is a twentieth away, and two rounds differ by a tenth.
const near = 100

// fanSessions measures broadcasts to sessions beside plain connections.
func (e *Env) fanSessions(ctx context.Context, row string, v volley) error {
	var warm []*fixture
	for _, f := range e.openAll(ctx, row, e.sessions(audience)) {
		if _, err := f.fire(volley{bursts: 3, each: warmed / 3, bytes: message, expect: audience}); err != nil {
			e.lack(row, f.label, err)
			f.stop()
			continue
		}
		warm = append(warm, f)
	}
	v.bytes, v.expect = message, audience
	return e.interleave(ctx, row, near, warm, func(f *fixture) (values, error) { return f.fire(v) })
}

func fanoutV1(ctx context.Context, e *Env) error {
	return e.fanSessions(ctx, "fanout-v1", volley{bursts: 10, each: 1, apart: true})
}

func burst10V1(ctx context.Context, e *Env) error {
	return e.fanSessions(ctx, "burst10-v1", volley{bursts: 10, each: 10})
}

// burst100V1 has several bursts in a round: one takes 20 ms of CPU, of which what the
// machine does besides is a part that is as large as the difference.
func burst100V1(ctx context.Context, e *Env) error {
	return e.fanSessions(ctx, "burst100-v1", volley{bursts: 5, each: 100})
}

// idleV1 weighs idle sessions beside plain connections of the same server.
func idleV1(ctx context.Context, e *Env) error {
	var plain values
	return e.idle(ctx, "idle-v1", 3, e.sessions(0), func(s setup, v values) {
		if s.session {
			v.compare(plain)
			v = nil
		}
		plain = v
	})
}

// compare adds how much more than with plain connections an idle one weighs.
func (v values) compare(plain values) {
	for _, metric := range []string{"idle_heap", "idle_rss_gc"} {
		has, weighs := v[metric]
		base, known := plain[metric]
		if weighs && known {
			v[metric+"_more"] = has - base
		}
	}
}
