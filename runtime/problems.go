package ws

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
)

// problem is an option that never does what it says.
type problem struct {
	option string
	text   string // what is wrong, and the cure
}

func (p problem) Error() string { return "ws: Options." + p.option + ": " + p.text }

// Problems returns each option of o that can never do what it says, with its
// cure, in one error (errors.Join); nil if there is none. NewServer logs the
// same: call Problems in a test, and no typing error gets as far as that.
// Options that a gateway configures are logged by its constructor. Since
// Options know no events, EventRates of an event that nothing handles are
// logged by that constructor, or by NewRouter.
func (o Options) Problems() error {
	var errs []error
	for _, p := range o.problems() {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// problems returns all of them, in the order of the fields where each is
// about one field.
func (o *Options) problems() []problem {
	ps := &problems{}
	for _, origin := range o.Origins {
		ps.add("Origins", handshake.OriginProblem(origin))
	}
	for i, around := range o.Interceptors {
		if around == nil {
			ps.add("Interceptors", fmt.Sprintf("entry %d is nil, and no gateway can be made with it: take it out", i))
		}
	}
	if o.Overflow > CloseSlow {
		ps.add("Overflow", fmt.Sprintf("there is no policy %d: take ShedNewest, ShedOldest or CloseSlow", o.Overflow))
	}
	ps.numbers(o)
	ps.durations(o)
	ps.times(o)
	ps.rates(o)
	ps.cluster(&o.Cluster)
	return *ps
}

// cluster looks at the options of a node.
func (ps *problems) cluster(c *Cluster) {
	others := *c
	others.HistoryBytes = 0                                         // it is for a Server alone
	if others.Name = ""; c.Broker == nil && others != (Cluster{}) { // a namespace's constructor sets the name in any case
		ps.add("Cluster", "without a Broker this Server is alone, and the rest of Cluster says nothing: set Cluster.Broker, or leave Cluster out")
	}
	for _, n := range []struct {
		option string
		value  int64
	}{
		{"Heartbeat", int64(c.Heartbeat)},
		{"JoinHold", int64(c.JoinHold)},
		{"Linger", int64(c.Linger)},
		{"QueueMessages", int64(c.QueueMessages)},
		{"QueueBytes", int64(c.QueueBytes)},
		{"QueueTime", int64(c.QueueTime)},
		{"MaxCatchUps", int64(c.MaxCatchUps)},
		{"RecentBytes", int64(c.RecentBytes)},
		{"HistoryBytes", int64(c.HistoryBytes)},
	} {
		if n.value < 0 {
			ps.add("Cluster."+n.option, "a number below zero means the default, since nothing here can be unlimited: leave it out, or write one above zero")
		}
	}
	if c.Heartbeat > 0 && c.Heartbeat < shortestHeartbeat {
		ps.add("Cluster.Heartbeat", fmt.Sprintf("%v is so short that a busy node counts as gone: %v at least", c.Heartbeat, shortestHeartbeat))
	}
}

// shortestHeartbeat is the shortest that a busy machine keeps up.
const shortestHeartbeat = 100 * time.Millisecond

// problems is a list that the methods below add to.
type problems []problem

// add adds a problem, unless its text is empty.
func (ps *problems) add(option, text string) {
	if text != "" {
		*ps = append(*ps, problem{option, text})
	}
}

// numbers looks at the options that are numbers, each by itself and beside
// others.
func (ps *problems) numbers(o *Options) {
	for _, n := range []struct {
		option string
		value  int
	}{
		{"MaxConnections", o.MaxConnections},
		{"MaxConnectionsPerAddr", o.MaxConnectionsPerAddr},
		{"MaxMessageBytes", o.MaxMessageBytes},
		{"MaxEventBytes", o.MaxEventBytes},
		{"MaxRooms", o.MaxRooms},
		{"MaxRoomBytes", o.MaxRoomBytes},
		{"OutboxFrames", o.OutboxFrames},
		{"OutboxBytes", o.OutboxBytes},
		{"OutboxTotalBytes", o.OutboxTotalBytes},
		{"InboxMessages", o.InboxMessages},
		{"InboxBytes", o.InboxBytes},
		{"MaxStreams", o.MaxStreams},
		{"MaxAsks", o.MaxAsks},
		{"MaxRateStrikes", o.MaxRateStrikes},
		{"ResumeFrames", o.ResumeFrames},
		{"ResumeBytes", o.ResumeBytes},
		{"ResumeTotalBytes", o.ResumeTotalBytes},
		{"MaxDetached", o.MaxDetached},
	} {
		if n.value < Unlimited {
			ps.add(n.option, fmt.Sprintf("%d lifts the limit: write Unlimited if that is meant, and else a number above zero", n.value))
		}
	}
	r := o.resolved()
	if o.MaxConnections > 0 && o.MaxConnectionsPerAddr > o.MaxConnections {
		ps.add("MaxConnectionsPerAddr", fmt.Sprintf("%d is never reached, since MaxConnections is %d: make it smaller, or leave it out",
			o.MaxConnectionsPerAddr, o.MaxConnections))
	}
	switch {
	case o.MaxMessageBytes > math.MaxInt32:
		ps.add("MaxMessageBytes", fmt.Sprintf("%d is cut to %d, which is the most: write Unlimited", o.MaxMessageBytes, math.MaxInt32))
	case o.MaxMessageBytes > 0 && o.MaxMessageBytes < shortestMessage:
		ps.add("MaxMessageBytes", fmt.Sprintf("no message is as short as %d bytes: %d at least", o.MaxMessageBytes, shortestMessage))
	}
	if o.MaxEventBytes > r.MaxMessageBytes {
		ps.add("MaxEventBytes", fmt.Sprintf("%d is never reached, since MaxMessageBytes is %d: make it smaller", o.MaxEventBytes, r.MaxMessageBytes))
	}
	if o.OutboxFrames == 1 {
		ps.add("OutboxFrames", "1 has no room for a push while another is written, so of any two in a row one is lost: 2 at least")
	}
	if o.OutboxBytes > r.OutboxTotalBytes {
		ps.add("OutboxBytes", fmt.Sprintf("%d is never reached, since OutboxTotalBytes is %d: make it smaller", o.OutboxBytes, r.OutboxTotalBytes))
	}
	if o.ResumeBytes > r.ResumeTotalBytes {
		ps.add("ResumeBytes", fmt.Sprintf("%d is never reached, since ResumeTotalBytes is %d: make it smaller", o.ResumeBytes, r.ResumeTotalBytes))
	}
	if o.CompressAbove < 0 {
		ps.add("CompressAbove", fmt.Sprintf("%d compresses nothing, as 0 does: 1 compresses whatever becomes shorter by it", o.CompressAbove))
	}
}

// shortestMessage is the length of {"event":"e"}.
const shortestMessage = 13

// durations looks at the options that are durations, each by itself.
func (ps *problems) durations(o *Options) {
	for _, d := range []struct {
		option string
		value  time.Duration
	}{
		{"HandshakeTimeout", o.HandshakeTimeout},
		{"ConnectTimeout", o.ConnectTimeout},
		{"WriteTimeout", o.WriteTimeout},
		{"PingInterval", o.PingInterval},
		{"IdleTimeout", o.IdleTimeout},
		{"Lifetime", o.Lifetime},
		{"DrainTimeout", o.DrainTimeout},
		{"AskTimeout", o.AskTimeout},
		{"ResumeWindow", o.ResumeWindow},
		{"DisconnectTimeout", o.DisconnectTimeout},
		{"ShutdownDelay", o.ShutdownDelay},
		{"ShutdownSpread", o.ShutdownSpread},
	} {
		switch {
		case d.option == "ShutdownDelay" && d.value < 0:
			ps.add(d.option, "a delay below zero is none: leave it out, or give it a time")
		case d.value < Unlimited:
			ps.add(d.option, fmt.Sprintf("%v lifts the limit: write Unlimited if that is meant, and else a time above zero", d.value))
		case tooShort(d.value):
			ps.add(d.option, fmt.Sprintf("nothing happens within %v: is a unit missing, as in %d*time.Second?", d.value, d.value))
		}
	}
}

// tooShort reports whether d cannot be what somebody means.
func tooShort(d time.Duration) bool { return d > 0 && d < time.Millisecond }

// times looks for a limit of a connection's time that another limit always
// comes before, and for pings that come too late.
func (ps *problems) times(o *Options) {
	r := o.resolved()
	switch {
	case r.IdleTimeout == noLimit || r.PingInterval < r.IdleTimeout || tooShort(o.IdleTimeout):
	case o.PingInterval == 0:
		ps.add("IdleTimeout", fmt.Sprintf("%v is not above PingInterval, which is %v by default: "+
			"a client that only listens is pinged when IdleTimeout is over, and not before; set PingInterval as well, to %v for one", o.IdleTimeout, r.PingInterval, o.IdleTimeout*2/5))
	case o.PingInterval > 0:
		is := "is"
		if o.IdleTimeout == 0 {
			is = "by default is"
		}
		ps.add("PingInterval", fmt.Sprintf("%v is not below IdleTimeout, which %s %v: "+
			"a client that only listens is pinged when IdleTimeout is over, and not before; set IdleTimeout to %v for one, or Unlimited", o.PingInterval, is, r.IdleTimeout, o.PingInterval*5/2))
	}
	for _, d := range []struct {
		option string
		value  time.Duration
	}{{"PingInterval", o.PingInterval}, {"IdleTimeout", o.IdleTimeout}} {
		if d.value > 0 && d.value >= r.Lifetime && !tooShort(o.Lifetime) {
			ps.add(d.option, fmt.Sprintf("%v is never reached, since Lifetime is %v: make it shorter, or write Unlimited", d.value, r.Lifetime))
		}
	}
}

// rates looks at each rate by itself, and at those of events beside ConnRate,
// which counts the same messages.
func (ps *problems) rates(o *Options) {
	ps.add("ConnRate", o.ConnRate.problem())
	for _, event := range slices.Sorted(maps.Keys(o.EventRates)) {
		of := o.EventRates[event]
		why := of.problem()
		if why == "" && of.limits() && o.ConnRate.limits() && of.PerSecond > o.ConnRate.PerSecond && of.burst() >= o.ConnRate.burst() {
			why = fmt.Sprintf("%v a second, %d at once, is never reached, since ConnRate counts the event, too: raise that, or lower this", of.PerSecond, of.burst())
		}
		if why != "" {
			ps.add("EventRates", fmt.Sprintf("of %.100q: %s", event, why))
		}
	}
	ps.add("PrincipalRate", o.PrincipalRate.problem())
}

// problem returns why a rate limits nothing, or limits otherwise than
// written; "" if it is fine.
func (r Rate) problem() string {
	switch {
	case math.IsNaN(r.PerSecond), math.IsInf(r.PerSecond, 0):
		return "PerSecond is no number, and nothing is limited: leave the Rate out"
	case r.PerSecond < 0 && r.PerSecond != Unlimited:
		return fmt.Sprintf("PerSecond is %v, and nothing is limited: leave the Rate out", r.PerSecond)
	case r.PerSecond <= 0 && r.Burst > 0:
		return fmt.Sprintf("Burst is %d and PerSecond is not set, so nothing is limited: set both", r.Burst)
	case r.PerSecond > 0 && r.Burst < 0:
		return fmt.Sprintf("Burst is %d, and taken for %d: it cannot be lifted; leave it out, or set a number above zero", r.Burst, r.burst())
	}
	return ""
}

// strayRates returns a problem for each rate whose event is not among events.
// nobody begins its text, and names those who do not handle the event.
func strayRates(rates map[string]Rate, events []string, nobody string) []problem {
	ps := &problems{}
	for _, event := range slices.Sorted(maps.Keys(rates)) {
		if event != refreshEvent && rates[event] != (Rate{}) && !slices.Contains(events, event) {
			ps.add("EventRates", fmt.Sprintf("%s handle the event %.100q, so nothing is limited: correct its name, or take it out; there is %s", nobody, event, listed(events)))
		}
	}
	return *ps
}

// listed returns names as a text for people, 20 of them at most.
func listed(names []string) string {
	const most = 20
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	rest := ""
	if len(names) > most {
		names, rest = names[:most], fmt.Sprintf(", and %d more", len(names)-most)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ") + rest
}

// complain logs problems of the options of a gateway; gateway is "" for the
// Server's.
func (s *Server) complain(gateway string, ps []problem) {
	for _, p := range ps {
		attrs := []any{"option", p.option, "problem", p.text}
		if gateway != "" {
			attrs = append(attrs, "gateway", gateway)
		}
		s.log.Error("ws: an option does not do what it says", attrs...)
	}
}
