// Package scrape keeps what a server says of itself, as Prometheus does, and
// evaluates expressions over it with Prometheus's own engine.
package scrape

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// Store has the samples of scrapes. It is a storage.Queryable.
type Store struct {
	series map[string]*entry // by their labels' text
}

type entry struct {
	labels  labels.Labels
	samples []chunks.Sample
}

// Scrape adds what h answers now, with the labels of a target: job and instance.
func (s *Store) Scrape(h http.Handler, now time.Time, job, instance string) error {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		return fmt.Errorf("the scrape has status %d: %s", w.Code, w.Body)
	}
	p, err := textparse.New(w.Body.Bytes(), w.Header().Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return err
	}
	if s.series == nil {
		s.series = map[string]*entry{}
	}
	for {
		kind, err := p.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if kind != textparse.EntrySeries {
			continue
		}
		var own labels.Labels
		p.Labels(&own)
		_, _, number := p.Series()
		b := labels.NewBuilder(own)
		b.Set("job", job).Set("instance", instance)
		s.add(b.Labels(), sample{now.UnixMilli(), number})
	}
}

func (s *Store) add(of labels.Labels, one sample) {
	key := of.String()
	e := s.series[key]
	if e == nil {
		e = &entry{labels: of}
		s.series[key] = e
	}
	e.samples = append(e.samples, one)
}

// Gone says that a target is not there any more, as Prometheus does when it cannot be
// scraped: its series end now.
func (s *Store) Gone(now time.Time, instance string) {
	for _, e := range s.series {
		if e.labels.Get("instance") == instance {
			e.samples = append(e.samples, sample{now.UnixMilli(), math.Float64frombits(value.StaleNaN)})
		}
	}
}

// sample is a number at a time, in milliseconds.
type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                      { return s.at }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// Querier implements storage.Queryable.
func (s *Store) Querier(_, _ int64) (storage.Querier, error) { return querier{s}, nil }

type querier struct{ *Store }

// Select returns the series that match.
func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	return &set{all: q.matching(matchers)}
}

func (s *Store) matching(matchers []*labels.Matcher) (found []*entry) {
	for _, e := range s.series {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(e.labels.Get(m.Name)) }) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *entry) int { return cmp.Compare(a.labels.String(), b.labels.String()) })
	return found
}

func (querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errors.ErrUnsupported
}

func (querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errors.ErrUnsupported
}

func (querier) Close() error { return nil }

// set goes through series.
type set struct {
	all []*entry
	at  *entry
}

func (s *set) Next() bool {
	if len(s.all) == 0 {
		return false
	}
	s.at, s.all = s.all[0], s.all[1:]
	return true
}

func (s *set) At() storage.Series                { return storage.NewListSeries(s.at.labels, s.at.samples) }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }
