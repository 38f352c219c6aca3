// Package series names the metrics that package prom exports. The dashboard, the
// alert rules and the tests take them from here, too.
package series

// Kind is what a metric is, as its TYPE line says.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Series is the metric of a name, with a series for each set of its labels'
// values.
type Series struct {
	Name   string // without the namespace
	Kind   Kind
	Help   string
	Labels []string
}

// The labels.
const (
	Gateway = "gateway" // as ws.Client.Gateway
	Event   = "event"
	Code    = "code"   // of an error, or of a Close
	Status  = "status" // of HTTP
	By      = "by"     // Peer or Server
)

// Values that labels have in place of one that is not to be shown.
const (
	Unknown   = "_unknown" // an event that nobody declared
	None      = "_none"    // something that is of no event
	OtherCode = "_other"   // a code of an application that has too many
	Other     = "other"    // a close code or status that is not in the specifications
	OK        = "ok"       // the code of what was not refused
	Peer      = "peer"
	Server    = "server"
)

// What a Server counts by itself, whoever watches.
const (
	ServerConnections    = "server_connections"
	ServerAdmitted       = "server_admitted_connections"
	ServerMaxConnections = "server_max_connections"
	ServerRooms          = "server_rooms"
	ServerOutboxBytes    = "server_outbox_bytes"
	ServerOutboxMaxBytes = "server_outbox_max_bytes"
	ServerDraining       = "server_draining"
	ServerOpened         = "server_connections_opened_total"
	ServerClosed         = "server_connections_closed_total"
	ServerReceived       = "server_messages_received_total"
	ServerQueued         = "server_frames_queued_total"
	ServerShed           = "server_pushes_shed_total"
	ServerReplaced       = "server_pushes_replaced_total"
	ServerSlow           = "server_slow_connections_total"
	ServerSilent         = "server_silent_connections_total"
	ServerDropped        = "server_messages_dropped_total"
	ServerRefused        = "server_refusals_total"
	ServerHandshakes     = "server_handshakes_refused_total"
)

// What the Observer counts.
const (
	Connections        = "connections"
	Opened             = "connections_opened_total"
	Closed             = "connections_closed_total"
	ConnectionDuration = "connection_duration_seconds"
	Handshakes         = "handshakes_refused_total"
	Refusals           = "refusals_total"
	Handled            = "messages_handled_total"
	MessageDuration    = "message_duration_seconds"
	Pushes             = "pushes_total"
	PushOutboxes       = "push_outboxes_total"
	PushBytes          = "push_bytes_total"
	PushShed           = "push_frames_shed_total"
	PushReplaced       = "push_frames_replaced_total"
	PushSlow           = "push_slow_connections_total"
)

// OfServer returns the metrics that a Server counts by itself.
func OfServer() []Series {
	return []Series{
		{ServerConnections, Gauge, "Connections that are registered; one that closes counts until its disconnect hook has returned.", nil},
		{ServerAdmitted, Gauge, "Connections that count towards Options.MaxConnections: also those that are being opened or closed.", nil},
		{ServerMaxConnections, Gauge, "How many connections there may be (Options.MaxConnections); +Inf if there is no limit.", nil},
		{ServerRooms, Gauge, "Rooms that have members.", nil},
		{ServerOutboxBytes, Gauge, "Bytes of frames that wait in outboxes, as Options.OutboxTotalBytes counts them.", nil},
		{ServerOutboxMaxBytes, Gauge, "How many bytes may wait in outboxes (Options.OutboxTotalBytes); +Inf if there is no limit.", nil},
		{ServerDraining, Gauge, "1 if Shutdown has begun.", nil},
		{ServerOpened, Counter, "Connections that were registered.", nil},
		{ServerClosed, Counter, "Connections that have left the registry.", nil},
		{ServerReceived, Counter, "Messages that were read.", nil},
		{ServerQueued, Counter, "Frames that an outbox took.", nil},
		{ServerShed, Counter, "Pushes to a connection that its full outbox refused, or dropped later.", nil},
		{ServerReplaced, Counter, "Pushes to a connection that a later one with the same key replaced.", nil},
		{ServerSlow, Counter, "Connections that were closed because they did not read.", nil},
		{ServerSilent, Counter, "Connections that were given up because they were silent.", nil},
		{ServerDropped, Counter, "Messages that had no handler yet when their connection ended.", nil},
		{ServerRefused, Counter, "Handshakes, frames and messages that were refused.", nil},
		{ServerHandshakes, Counter, "Handshakes that were refused.", nil},
	}
}

// OfObserver returns the metrics that the Observer counts.
func OfObserver() []Series {
	return []Series{
		{Connections, Gauge, "Connections that are registered.", []string{Gateway}},
		{Opened, Counter, "Connections that were registered.", []string{Gateway}},
		{Closed, Counter, "Connections that have left the registry, by close code and who closed.", []string{Gateway, Code, By}},
		{ConnectionDuration, Histogram, "How long connections lasted.", []string{Gateway}},
		{Handshakes, Counter, "Handshakes that were refused, by the HTTP status of the answer and the code of the error; status 101 was answered by the upgrade and a Close.", []string{Gateway, Status, Code}},
		{Refusals, Counter, "Frames, messages and connect hooks that ended with an error, by its code.", []string{Gateway, Event, Code}},
		{Handled, Counter, "Messages that had a handler, by the code of the error that it ended with, or ok.", []string{Gateway, Event, Code}},
		{MessageDuration, Histogram, "How long messages took from their turn to their answer, guards and interceptors included; streams to their end.", []string{Gateway, Event}},
		{Pushes, Counter, "Pushes, each counted once for all receivers.", []string{Event}},
		{PushOutboxes, Counter, "Outboxes that took a push.", []string{Event}},
		{PushBytes, Counter, "Bytes of pushed frames times the outboxes that took them, before compression.", []string{Event}},
		{PushShed, Counter, "Frames that were lost to a full outbox: the push itself, or older ones that made room for it.", []string{Event}},
		{PushReplaced, Counter, "Frames that a push with the same key took the place of.", []string{Event}},
		{PushSlow, Counter, "Connections that are closed because a push found their outbox full.", []string{Event}},
	}
}

// All returns all metrics.
func All() []Series { return append(OfServer(), OfObserver()...) }
