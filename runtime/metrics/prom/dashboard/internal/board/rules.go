package board

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// Rule is an alert.
type Rule struct {
	Alert    string
	Expr     string // lines that are joined
	For      string // how long it must be true
	Severity string // "warning": in working hours; "critical": now
	Summary  string
	Cure     string // what it means and what to do
}

const (
	warning  = "warning"
	critical = "critical"
)

// Rules returns the alert rules.
func Rules() []Rule {
	return slices.Concat(ofErrors(), ofConnections(), ofLimits(), ofKept(), ofCluster())
}

// ratio is the part that some have of all, by labels, if it is above a bound.
func ratio(some, all, bound string, by ...string) string {
	return sum(some, by...) + "\n  / " + sum(all, by...) + "\n  > " + bound
}

func ofErrors() []Rule {
	s := scope{window: "5m"}
	slow := scope{window: "10m"}.quantile("0.95", series.MessageDuration, "job", series.Gateway, series.Event)
	usual := strings.ReplaceAll(slow, "[10m]", "[1h] offset 1d")
	return []Rule{
		{
			"WsgenInternalErrors",
			ratio(s.rate(series.Handled, equal(series.Code, "internal")), s.rate(series.Handled), "0.01", "job", series.Gateway, series.Event),
			"10m", critical,
			`{{ $value | humanizePercentage }} of "{{ $labels.event }}" on {{ $labels.gateway }} end with an internal error`,
			"A handler, guard or interceptor returns an error that is no *ws.Error, or panics. Find the lines of the log with this event; each has the error, and the reference that the client was told.",
		},
		{
			"WsgenSlowerThanUsual",
			slow + " > 0.5\nand\n" + slow + "\n  > 3 * " + usual,
			"15m", warning,
			`"{{ $labels.event }}" on {{ $labels.gateway }} takes {{ $value | humanizeDuration }} (p95), three times as long as yesterday`,
			"Look at what the handler waits for: a database, another service, a lock. If it runs on the read loop, give it a context, so that it does not hold up the other messages of its connection. A stream counts to its end, so its length may just have changed.",
		},
		{
			"WsgenMessagesRefused",
			ratio(s.rate(series.Refusals, other(series.Event, series.None), other(series.Code, "canceled")), s.rate(series.ServerReceived), "0.2", "job"),
			"15m", warning,
			`{{ $value | humanizePercentage }} of the messages to {{ $labels.job }} are refused`,
			"The panel \"Refused, by event and code\" says which. unknown_event and invalid_payload are clients of another version: roll out the older half, or keep the old event. rate_limited is a client in a loop, or a limit that is too low.",
		},
	}
}

func ofConnections() []Rule {
	s := scope{window: "10m"}
	return []Rule{
		{
			"WsgenHandshakesFail",
			ratio(s.rate(series.Handshakes, `status=~"5.."`), s.rate(series.Opened), "0.05", "job", series.Gateway),
			"5m", critical,
			`{{ $labels.gateway }} answers handshakes with 5xx, {{ $value | humanizePercentage }} as many as it accepts`,
			"500 is an error of a connection guard, which the log has, or a middleware that does not let the connection be taken over. 503 is an instance that is full (WsgenServerFull), shuts down, or has a guard that takes longer than Options.HandshakeTimeout.",
		},
		{
			"WsgenHandshakesRefused",
			ratio(s.rate(series.Handshakes, `status=~"4.."`), s.rate(series.Opened), "0.5", "job", series.Gateway),
			"15m", warning,
			`{{ $labels.gateway }} refuses handshakes, {{ $value | humanizePercentage }} as many as it accepts`,
			"401 and 403 are credentials that have expired, or an origin that is not in Options.Origins; 429 is one address with too many connections (behind a proxy, see Options.ClientAddr); 400 and 426 are requests that a proxy has changed.",
		},
		{
			"WsgenConnectionsVanish",
			ratio(s.rate(series.Closed, equal(series.Code, "1006")), s.rate(series.Closed), "0.5", "job", series.Gateway) + "\nand " + sum(s.rate(series.Closed), "job", series.Gateway) + " > 0.1",
			"15m", warning,
			`{{ $value | humanizePercentage }} of the connections of {{ $labels.gateway }} end without a Close`,
			"Something between cuts them: a proxy whose idle time-out is below Options.PingInterval, a load balancer that is reloaded, a network. See \"How long connections last\": a time that many have in common is a time-out.",
		},
		{
			"WsgenConnectionsLost",
			sum(s.selector(series.ServerConnections), "job") + "\n  < 0.5 * " + sum(s.selector(series.ServerConnections)+" offset 10m", "job") + "\nand " + sum(s.selector(series.ServerConnections)+" offset 10m", "job") + " > 100",
			"0s", critical,
			`{{ $labels.job }} has lost more than half of its connections within 10 minutes, and has {{ $value }}`,
			"An instance, a proxy or a network has gone, or clients cannot come back: see \"Refused handshakes\". After a deployment the connections come back within the clients' backoff.",
		},
		{
			"WsgenConnectionsFail",
			ratio(s.rate(series.Closed, equal(series.Code, "1011")), s.rate(series.Closed), "0.05", "job", series.Gateway),
			"10m", critical,
			`{{ $value | humanizePercentage }} of the connections of {{ $labels.gateway }} are closed with 1011`,
			"A connect hook returns an error that is no *ws.Error, or user code panics or ends its goroutine. The log has it, with a stack.",
		},
		{
			"WsgenShutdownHangs",
			"min_over_time(" + s.selector(series.ServerDraining) + "[10m]) > 0",
			"5m", warning,
			`{{ $labels.instance }} has been shutting down for more than 10 minutes`,
			"A call or a stream does not end. Give Server.Shutdown a context with a deadline, and Options.DrainTimeout a bound.",
		},
	}
}

func ofLimits() []Rule {
	s := scope{window: "10m"}
	return []Rule{
		{
			"WsgenServerFull",
			s.selector(series.ServerAdmitted) + "\n  / " + s.selector(series.ServerMaxConnections) + "\n  > " + part(placesRed),
			"5m", critical,
			`{{ $labels.instance }} has {{ $value | humanizePercentage }} of the connections that it may have`,
			"Beyond the limit, handshakes are answered with 503. Add an instance, or raise Options.MaxConnections with the limit of descriptors.",
		},
		{
			"WsgenOutboxMemory",
			s.selector(series.ServerOutboxBytes) + "\n  / " + s.selector(series.ServerOutboxMaxBytes) + "\n  > " + part(outboxOrange),
			"5m", critical,
			`The outboxes of {{ $labels.instance }} have {{ $value | humanizePercentage }} of the memory that they may have`,
			"Clients read slower than they are sent to. Those that are waited for may have half of the memory; beyond that their pushes are shed. Push less, coalesce events of which only the newest counts, close who is slow (ws.CloseSlow), or raise Options.OutboxTotalBytes.",
		},
		{
			"WsgenPushesShed",
			ratio(s.rate(series.ServerShed), s.rate(series.ServerQueued), "0.01", "job"),
			"10m", warning,
			`{{ $labels.job }} loses pushes to full outboxes, {{ $value | humanizePercentage }} of what it queues`,
			"Clients that read slower than they are sent to miss events. \"Lost and replaced, by event\" says which. Coalesce them, let clients catch up by a call, or raise Options.OutboxFrames and OutboxBytes.",
		},
		{
			"WsgenSlowConnections",
			ratio(s.rate(series.ServerSlow), s.rate(series.ServerClosed), "0.1", "job"),
			"15m", warning,
			`{{ $value | humanizePercentage }} of the connections of {{ $labels.job }} that end are closed because they did not read`,
			"Networks are too slow for what is pushed, or clients are suspended with their connection open. Push less to each, or raise Options.WriteTimeout if they do read.",
		},
	}
}

func part(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// Prometheus returns the alert rules as a file for rule_files.
func Prometheus() []byte {
	var b bytes.Buffer
	b.WriteString("# Generated by make generate. Alert rules for github.com/wsgen/wsgen/runtime/metrics/prom.\n")
	b.WriteString("groups:\n  - name: wsgen\n    rules:\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "      - alert: %s\n        expr: |-\n", r.Alert)
		for line := range strings.SplitSeq(r.Expr, "\n") {
			fmt.Fprintf(&b, "          %s\n", line)
		}
		fmt.Fprintf(&b, "        for: %s\n        labels:\n          severity: %s\n        annotations:\n", r.For, r.Severity)
		fmt.Fprintf(&b, "          summary: %q\n          description: %q\n", r.Summary, r.Cure)
	}
	return b.Bytes()
}
