package board

import (
	"github.com/wsgen/wsgen/runtime/metrics/prom/internal/series"
)

// This file has what is shown and told of the nodes of a cluster. A Server alone has
// none of these series.

func inCluster() []Panel {
	s := shown()
	rates := func(of ...[2]string) (all []Query) {
		for _, q := range of {
			all = append(all, Query{sum(s.rate(q[0])), q[1]})
		}
		return all
	}
	return []Panel{
		{Title: "Links down", Help: "Nodes whose link to the engine does not work: their connections hear each other, and nobody else.", Kind: Lines, Unit: Count, Wide: 8, Queries: []Query{
			{s.selector(series.ClusterLinkDown), "{{instance}}"},
		}},
		{Title: "Members, as each node knows them", Help: "All lines should be one, as high as there are nodes. Lines that stay apart are nodes that do not hear each other.", Kind: Lines, Unit: Count, Wide: 8, Queries: []Query{
			{s.selector(series.ClusterNodes), "{{instance}}"},
		}},
		{Title: "Nodes that come and go", Help: "node_left has said so; node_gone was not heard any more, as after a crash.", Kind: Lines, Unit: PerSecond, Wide: 8, Queries: []Query{
			{sum(s.rate(series.ClusterChanges, `change=~"node_.*"`), series.Change), "{{change}}"},
		}},
		{Title: "To and from other nodes", Help: "Messages that the engine took, and those of others that concern connections.", Kind: Lines, Unit: PerSecond, Wide: 12, Queries: rates(
			[2]string{series.ClusterPublished, "published"},
			[2]string{series.ClusterReceived, "received"},
		)},
		{Title: "Waiting for the engine", Help: "When this grows, the engine is slow or away. Beyond Cluster.QueueMessages pushes are shed, and after Cluster.QueueTime they are late.", Kind: Lines, Unit: Count, Wide: 6, Queries: []Query{
			{s.selector(series.ClusterQueued), "{{instance}}"},
		}},
		{Title: "Channels", Help: "Rooms and users with connections here, and some of the node's own.", Kind: Lines, Unit: Count, Wide: 6, Queries: []Query{
			{s.selector(series.ClusterChannels), "{{instance}}"},
		}},
		{Title: "Not sent to other nodes", Help: "Shed: the queue was full. Late: they waited for too long. Refused: the engine does not take them. Unsent: the node ended before.", Kind: Lines, Unit: PerSecond, Wide: 8, Queries: rates(
			[2]string{series.ClusterShed, "shed"},
			[2]string{series.ClusterLate, "late"},
			[2]string{series.ClusterRefused, "refused"},
			[2]string{series.ClusterUnsent, "unsent"},
		)},
		{Title: "Not taken from other nodes", Help: "Lost: on the way from the engine. Unknown: of another release. Malformed: of no release.", Kind: Lines, Unit: PerSecond, Wide: 8, Queries: rates(
			[2]string{series.ClusterLost, "lost"},
			[2]string{series.ClusterUnknown, "unknown"},
			[2]string{series.ClusterMalformed, "malformed"},
		)},
		{Title: "Trouble with the engine", Help: "Outages: the link has broken. Resets: it was made anew, since nobody was heard. Joins: replies that went out before the engine knew of the room. Answers: of other nodes, that did not come in time.", Kind: Lines, Unit: PerSecond, Wide: 8, Queries: rates(
			[2]string{series.ClusterOutages, "outages"},
			[2]string{series.ClusterResets, "resets"},
			[2]string{series.ClusterJoinsUnconfirmed, "joins unconfirmed"},
			[2]string{series.ClusterAnswersMissing, "answers missing"},
		)},
	}
}

func ofCluster() []Rule {
	s := scope{window: "10m"}
	nodes := s.selector(series.ClusterNodes)
	return []Rule{
		{
			"WsgenClusterLinkDown",
			s.selector(series.ClusterLinkDown) + " > 0",
			"1m", critical,
			`{{ $labels.instance }} has no link to the cluster's engine`,
			"Its connections hear each other, and not those of other nodes. If all nodes say so, the engine is down; if one does, it is this node's network, its credentials, or a mistake in Options.Cluster. The log has the cause. Do not restart nodes for it: the link comes back by itself.",
		},
		{
			"WsgenClusterSplit",
			"max by (job) (" + nodes + ") > min by (job) (" + nodes + " > 0)\nand max by (job) (" + s.selector(series.ClusterLinkDown) + ") < 1",
			"2m", critical,
			`The nodes of {{ $labels.job }} have working links and do not all know each other; one knows {{ $value }}`,
			"Some nodes do not hear others: they are at parts of the engine that have lost each other, at different engines, or their Cluster.Name, Heartbeat or credentials for channels differ. The panel \"Members, as each node knows them\" says which. Mend the engine's own cluster.",
		},
		{
			"WsgenClusterNodeGone",
			"max by (job) (" + "increase(" + s.selector(series.ClusterChanges, equal(series.Change, series.NodeGone)) + "[10m])) > 0",
			"0s", warning,
			`A node of {{ $labels.job }} has vanished without a word`,
			"It crashed, was killed before Server.Shutdown had ended, hangs, or is cut off. The log of the others has its name. Give Shutdown the time it needs: terminationGracePeriodSeconds, or TimeoutStopSec, above the deadline of its context.",
		},
		{
			"WsgenClusterPushesLost",
			ratio(s.rate(series.ClusterShed)+" + "+s.rate(series.ClusterLate)+" + "+s.rate(series.ClusterRefused), s.rate(series.ClusterPublished), "0.01", "job"),
			"5m", critical,
			`Pushes of {{ $labels.job }} do not leave for other nodes, {{ $value | humanizePercentage }} of those that do`,
			"\"Not sent to other nodes\" says why. Shed and late: the engine is slow or away, or is sent more than it takes; see its processor and network, and \"Waiting for the engine\". Refused: it does not take the message, which the log has with the engine's error.",
		},
		{
			"WsgenClusterMessagesLost",
			ratio(s.rate(series.ClusterLost), s.rate(series.ClusterReceived), "0.001", "job"),
			"5m", critical,
			`{{ $labels.job }} loses messages of other nodes, {{ $value | humanizePercentage }} of what it gets`,
			"The engine, or the adapter to it, drops what a node does not take fast enough: the node is short of processor, or the engine's bound for slow subscribers is too low (client-output-buffer-limit of Redis, max_pending of NATS).",
		},
		{
			"WsgenClusterJoinsUnconfirmed",
			sum(s.rate(series.ClusterJoinsUnconfirmed), "job") + " > 0.01",
			"5m", warning,
			`The engine is slow to confirm channels for {{ $labels.job }}`,
			"Who joins waits for Cluster.JoinHold, and may miss the first pushes of other nodes. An engine that works takes about a millisecond: it is overloaded, or far away.",
		},
		{
			"WsgenClusterNotUnderstood",
			sum(s.rate(series.ClusterUnknown)+" + "+s.rate(series.ClusterMalformed), "job") + " > 0",
			"15m", warning,
			`{{ $labels.job }} gets messages that it does not understand`,
			"Unknown ones are of another release: finish the deployment. Malformed ones are of nobody's: something else uses the channels of this cluster, or two clusters that differ have one name on one engine.",
		},
	}
}
