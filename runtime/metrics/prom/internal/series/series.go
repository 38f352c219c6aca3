// Package series names the metrics that package prom exports. The dashboard, the
// alert rules and the tests take them from here, too.
package series

import "slices"

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
	Change  = "change" // of a cluster
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
	ServerDetached       = "server_detached_sessions"
	ServerResumed        = "server_sessions_resumed_total"
	ServerUnresumed      = "server_sessions_unresumed_total"
)

// What a Server counts by itself of kept pushes, and of who is seen in rooms.
const (
	HistoryRooms        = "server_history_rooms"
	HistoryMessages     = "server_history_messages"
	HistoryBytes        = "server_history_bytes"
	HistoryKept         = "server_history_pushes_kept_total"
	HistoryDuplicates   = "server_history_pushes_duplicate_total"
	HistoryFailed       = "server_history_pushes_failed_total"
	HistoryCatchUps     = "server_history_catch_ups_total"
	HistoryRecovered    = "server_history_followers_recovered_total"
	HistoryUnrecovered  = "server_history_followers_unrecovered_total"
	HistoryLost         = "server_history_followers_lost_total"
	HistoryPressed      = "server_history_messages_pressed_total"
	HistoryResets       = "server_history_resets_total"
	PresenceRooms       = "server_presence_rooms"
	PresenceConnections = "server_presence_connections"
	PresenceLate        = "server_presence_frames_late_total"
)

// What a Server in a cluster counts by itself.
const (
	ClusterLinkDown         = "server_cluster_link_down"
	ClusterNodes            = "server_cluster_nodes"
	ClusterChannels         = "server_cluster_channels"
	ClusterQueued           = "server_cluster_queued_messages"
	ClusterOutages          = "server_cluster_outages_total"
	ClusterResets           = "server_cluster_resets_total"
	ClusterPublished        = "server_cluster_messages_published_total"
	ClusterReceived         = "server_cluster_messages_received_total"
	ClusterShed             = "server_cluster_messages_shed_total"
	ClusterLate             = "server_cluster_messages_late_total"
	ClusterRefused          = "server_cluster_messages_refused_total"
	ClusterUnsent           = "server_cluster_messages_unsent_total"
	ClusterLost             = "server_cluster_messages_lost_total"
	ClusterUnknown          = "server_cluster_messages_unknown_total"
	ClusterMalformed        = "server_cluster_messages_malformed_total"
	ClusterJoinsUnconfirmed = "server_cluster_joins_unconfirmed_total"
	ClusterAnswersMissing   = "server_cluster_answers_missing_total"
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
	ClusterChanges     = "cluster_changes_total"
)

// Values of the label Change beside those of ws.ClusterChange: NodeLeft said that it
// leaves, NodeGone was not heard any more.
const (
	NodeLeft = "node_left"
	NodeGone = "node_gone"
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
		{ServerDetached, Gauge, "Sessions that have no socket.", nil},
		{ServerResumed, Counter, "Sessions that went on with another socket.", nil},
		{ServerUnresumed, Counter, "Sessions that a client would have gone on with, and could not.", nil},
	}
}

// OfHistory returns the metrics that a Server counts by itself of kept pushes.
func OfHistory() []Series {
	return []Series{
		{HistoryRooms, Gauge, "Rooms and users of which kept pushes are remembered; in a cluster, that are followed here.", nil},
		{HistoryMessages, Gauge, "Kept pushes that are remembered, a union's in each of its rooms; in a cluster the newest.", nil},
		{HistoryBytes, Gauge, "Bytes of what is remembered of kept pushes, as Cluster.HistoryBytes counts them, or RecentBytes in a cluster.", nil},
		{HistoryKept, Counter, "Pushes of this instance that were kept, a union's in each of its rooms.", nil},
		{HistoryDuplicates, Counter, "Pushes with a key that was known: they were kept before.", nil},
		{HistoryFailed, Counter, "Pushes that a cluster's engine was to keep, and has not, or perhaps not.", nil},
		{HistoryCatchUps, Counter, "Followers that were behind, and caught up at their own pace.", nil},
		{HistoryRecovered, Counter, "Followers that came back, and got all that they had missed.", nil},
		{HistoryUnrecovered, Counter, "Followers that came back, and were told that something is missing.", nil},
		{HistoryLost, Counter, "Followers that fell behind further than is remembered, and were told.", nil},
		{HistoryPressed, Counter, "Kept pushes that were forgotten before their time, for want of room.", nil},
		{HistoryResets, Counter, "Rooms that are followed here and went on behind a gap, since the cluster's engine had lost them, or this node has missed more than is kept.", nil},
	}
}

// OfPresence returns the metrics that a Server counts by itself of who is seen in rooms.
func OfPresence() []Series {
	return []Series{
		{PresenceRooms, Gauge, "Rooms in which connections of this instance are present, or watch.", nil},
		{PresenceConnections, Gauge, "Connections of this instance that are present, in each of these rooms.", nil},
		{PresenceLate, Counter, "Frames about who is present that an outbox had no room for: the client gets the whole list later.", nil},
	}
}

// OfCluster returns the metrics that a Server counts by itself if it is in a cluster.
// Those of a Server alone are not exported.
func OfCluster() []Series {
	return []Series{
		{ClusterLinkDown, Gauge, "1 while the link to the cluster's engine does not work.", nil},
		{ClusterNodes, Gauge, "Members of the cluster that this node knows, itself included.", nil},
		{ClusterChannels, Gauge, "Channels of the engine that this node is subscribed to: its rooms and users, and some of its own.", nil},
		{ClusterQueued, Gauge, "Messages that wait for the engine.", nil},
		{ClusterOutages, Counter, "How often the link to the engine has broken.", nil},
		{ClusterResets, Counter, "Links to the engine that were made anew because all other nodes were silent.", nil},
		{ClusterPublished, Counter, "Messages to other nodes that the engine took.", nil},
		{ClusterReceived, Counter, "Messages from other nodes that concern connections.", nil},
		{ClusterShed, Counter, "Messages to other nodes that found no room in the queue to the engine.", nil},
		{ClusterLate, Counter, "Messages to other nodes that waited for the engine for longer than Cluster.QueueTime.", nil},
		{ClusterRefused, Counter, "Messages to other nodes that the engine did not want.", nil},
		{ClusterUnsent, Counter, "Messages to other nodes that were left at Shutdown.", nil},
		{ClusterLost, Counter, "Messages from other nodes that were lost on the way from the engine.", nil},
		{ClusterUnknown, Counter, "Messages of another release that this one does not understand.", nil},
		{ClusterMalformed, Counter, "Messages that no release sends.", nil},
		{ClusterJoinsUnconfirmed, Counter, "Joins whose reply went out before the engine knew of them.", nil},
		{ClusterAnswersMissing, Counter, "Answers of other nodes that did not come in time.", nil},
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
		{Pushes, Counter, "Pushes of this instance, each counted once for all receivers.", []string{Event}},
		{PushOutboxes, Counter, "Outboxes that took a push.", []string{Event}},
		{PushBytes, Counter, "Bytes of pushed frames times the outboxes that took them, before compression.", []string{Event}},
		{PushShed, Counter, "Frames that were lost to a full outbox: the push itself, or older ones that made room for it.", []string{Event}},
		{PushReplaced, Counter, "Frames that a push with the same key took the place of.", []string{Event}},
		{PushSlow, Counter, "Connections that are closed because a push found their outbox full.", []string{Event}},
		{ClusterChanges, Counter, "Changes between this node and its cluster; a node that has gone has left, or was not heard any more.", []string{Change}},
	}
}

// All returns all metrics.
func All() []Series {
	return slices.Concat(OfServer(), OfHistory(), OfPresence(), OfCluster(), OfObserver())
}
