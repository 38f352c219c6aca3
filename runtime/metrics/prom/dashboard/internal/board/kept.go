package board

import (
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// This file has what is shown and told of what outlives a socket: histories of kept
// pushes, who is seen in rooms, and sessions.

func histories() []Panel {
	s := shown()
	each := func(name string) []Query { return []Query{{s.selector(name), "{{instance}}"}} }
	return []Panel{
		{Title: "Kept pushes", Help: "Duplicate: their key was known, so they had been kept before. Failed: the cluster's engine has not kept them, or perhaps not, and nobody gets them.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.HistoryKept)), "kept"},
			{sum(s.rate(series.HistoryDuplicates)), "duplicate"},
			{sum(s.rate(series.HistoryFailed)), "failed"},
		}},
		{Title: "Followers that came back", Help: "Recovered got all that they had missed. Told that something is missing: it was too much, or too long ago. Lost: they were there, and fell behind further than is kept.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.HistoryRecovered)), "recovered"},
			{sum(s.rate(series.HistoryUnrecovered)), "told that something is missing"},
			{sum(s.rate(series.HistoryLost)), "lost"},
		}},
		{Title: "Rooms with a history", Help: "Rooms and users of which something is remembered; in a cluster, those that are followed there.", Kind: Lines, Unit: Count, Wide: 8, Queries: each(series.HistoryRooms)},
		{Title: "Messages remembered", Help: "In a cluster the newest 64 of each room at most, since the engine keeps all.", Kind: Lines, Unit: Count, Wide: 8, Queries: each(series.HistoryMessages)},
		{Title: "Bytes remembered", Help: "At most Cluster.HistoryBytes of a Server alone, and RecentBytes of one in a cluster.", Kind: Lines, Unit: Bytes, Wide: 8, Queries: each(series.HistoryBytes)},
		{Title: "Catching up, and pressed", Help: "Catch-ups: followers that were behind, and read on at their own pace. Pressed: a Server alone has forgotten pushes before their time, since HistoryBytes were full.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.HistoryCatchUps)), "catch-ups"},
			{sum(s.rate(series.HistoryPressed)), "pressed"},
		}},
		{Title: "Rooms that went on behind a gap", Help: "The engine had lost what it kept of them, or the instance has missed more than is kept. All lines at once are the engine.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{s.rate(series.HistoryResets), "{{instance}}"},
		}},
		{Title: "Rooms with presence", Help: "Rooms in which connections are present, or watch.", Kind: Lines, Unit: Count, Wide: 8, Queries: each(series.PresenceRooms)},
		{Title: "Connections that are present", Help: "Each counts in each of its rooms. Sessions without a socket are among them.", Kind: Lines, Unit: Count, Wide: 8, Queries: each(series.PresenceConnections)},
		{Title: "Late frames of presence", Help: "An outbox had no room for them, so that client gets the whole list later. Nothing is lost; that many are is clients that do not read.", Kind: Lines, Unit: PerSecond, Wide: 8, Queries: []Query{
			{sum(s.rate(series.PresenceLate)), "late"},
		}},
	}
}

func ofSessions() []Panel {
	s := shown()
	return []Panel{
		{Title: "Sessions without a socket", Help: "They wait for their clients, for Options.ResumeWindow at most. A step up is a network or a proxy that went away.", Kind: Lines, Unit: Count, Wide: 12, Queries: []Query{
			{s.selector(series.ServerDetached), "{{instance}}"},
		}},
		{Title: "Sessions that clients came back to", Help: "Resumed have missed nothing. Of the others the page loads anew: they were over, or are another instance's.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: []Query{
			{sum(s.rate(series.ServerResumed)), "resumed"},
			{sum(s.rate(series.ServerUnresumed)), "not resumed"},
		}},
	}
}

// standing is how long rules wait that are about clients that come back. A restart has
// all of them come back in vain once: that is in the window for ten minutes after it,
// and a deployment takes some, too.
const standing = "30m"

func ofKept() []Rule {
	s := scope{window: "10m"}
	missing := s.rate(series.HistoryUnrecovered) + " + " + s.rate(series.HistoryLost)
	return []Rule{
		{
			"WsgenHistoryNotKept",
			ratio(s.rate(series.HistoryFailed), s.rate(series.HistoryKept)+" + "+s.rate(series.HistoryFailed), "0.01", "job"),
			"5m", critical,
			`{{ $value | humanizePercentage }} of the pushes of {{ $labels.job }} that are to be kept are not`,
			"Nobody gets these pushes, followers on the same instance neither. The log has the engine's error. If the link is down, see WsgenClusterLinkDown. Else the engine cannot store: Redis is at maxmemory; JetStream is off, has no leader or no room (max_file, History.MaxBytes), or its user may not publish to $JS.API.>. Have push methods return error, and those who push try again with the same key (Push.Key).",
		},
		{
			"WsgenHistoryTooShort",
			ratio(missing, s.rate(series.HistoryRecovered)+" + "+missing, "0.2", "job"),
			standing, warning,
			`{{ $value | humanizePercentage }} of the followers of {{ $labels.job }} that were behind are told that something is missing`,
			"They load their state anew, all at once perhaps. If \"Catching up, and pressed\" shows pressed, histories have no room: raise Options.Cluster.HistoryBytes, or keep less. Else more is pushed while they are away than size= of //ws:history keeps, or they are away for longer than its ttl=: raise these, or push less to each room. Who comes back the next morning is told so rightly.",
		},
		{
			"WsgenHistoryLost",
			sum("increase("+s.selector(series.HistoryResets)+"[10m])", "job") + " > 0",
			"0s", warning,
			`Rooms of {{ $labels.job }} go on behind a gap: kept pushes are lost`,
			"All who follow these rooms were told so, and load their state anew. If all instances say so, the engine has lost what it kept: on Redis a replica was promoted that lagged, keys were evicted (maxmemory-policy must be noeviction), or a restart had no disk; on JetStream the stream is in memory, was deleted or purged, or has one replica and its server lost power. If one does, it was cut off for longer than messages are kept: raise size= and ttl= of //ws:history, and see WsgenClusterLinkDown.",
		},
		{
			"WsgenSessionsNotResumed",
			ratio(s.rate(series.ServerUnresumed), s.rate(series.ServerResumed)+" + "+s.rate(series.ServerUnresumed), "0.2", "job"),
			standing, warning,
			`{{ $value | humanizePercentage }} of the clients of {{ $labels.job }} that come back cannot go on with their sessions`,
			"They load their state anew. $connected has said why, which generated clients give to onOpen. unknown: they come to another instance, so have the load balancer keep a client where it was, by a cookie; or they come too late, so raise Options.ResumeWindow, or MaxDetached if \"Sessions without a socket\" is as high; or more was pushed meanwhile than their outbox takes (OutboxFrames). gap: more was sent than is kept, so raise ResumeFrames, ResumeBytes or ResumeTotalBytes. disabled: NoResume. Who comes back the next morning is too late rightly.",
		},
	}
}
