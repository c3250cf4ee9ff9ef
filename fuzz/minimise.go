package fuzz

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A minimiser makes a history short that ends in a fault. Each attempt is played
// on a fresh program.
type minimiser struct {
	o     *Options
	exact bool // judges without habits
	want  Kind
	age   time.Duration // of the program that showed it
	until time.Time
	left  int // attempts
	// trouble is what kept an attempt from being played to its end, the last time:
	// then nothing is told by what was not shown again.
	trouble error
}

// Bounds of making it short, in time and in attempts: what is not yet minimal then
// is still right. Windows are bounded by how many visits there were, and so end by
// themselves, on a busy machine later. followFor, at the least, is only for programs
// that take longer for the same visits when they are fresh; others get four times as
// long as the program took that showed the fault.
const (
	followFor        = time.Minute
	minimiseFor      = 5 * time.Second
	minimiseAttempts = 200
)

// afterwards is for how long at most findings are still made short when the
// campaign's time is over.
const afterwards = 3 * time.Second

// shortUntil gives until when a finding is made short, which may take so long.
func shortUntil(most time.Duration, cases int, began time.Time, limit time.Duration) time.Time {
	until, over := time.Now().Add(most), began.Add(limit+afterwards)
	if cases == 0 && over.Before(until) {
		return over
	}
	return until
}

// verifications is how often a finding is played again at the end.
const verifications = 3

// finding makes a short history of the visits before a fault, and plays it again.
// It gives nil if no fresh program shows the fault.
func (m *minimiser) finding(ctx context.Context, f *fault, recent func(count int) []Visit) *Finding {
	history, last := m.window(ctx, recent)
	if last == nil {
		return nil
	}
	history, last = m.repeated(ctx, last, history)
	history, last = m.shorten(ctx, last, history)
	m.exact = f.kind == Answer || f.kind == Silence
	cold := *m.o
	cold.warm = nil // what is told of it must hold for the command as it was given
	m.o = &cold
	twice := slices.Concat(history, history)
	switch {
	case f.kind == Leak: // as few as show it are too few if one descriptor less is open
		history = twice
	case len(history) > usedUp: // such a program bears some more
		if played, _ := m.play(ctx, twice); played > len(history) {
			history = twice[:min(len(twice), played+played/16)]
		}
	}
	finding := m.o.finding(last, history)
	for range verifications {
		if again := m.probe(ctx, history); again != nil {
			finding.Verified++
		}
	}
	if finding.Verified == 0 {
		return nil
	}
	return finding
}

// but names what came instead of a fault that was looked for.
func but(f *fault) string {
	if f == nil {
		return "too many states are possible"
	}
	return f.signature
}

// widen is how much longer each window is than the one before.
const widen = 4

// window finds how many of the last visits a fault needs. What notices it may
// come later than what causes it.
func (m *minimiser) window(ctx context.Context, recent func(count int) []Visit) ([]Visit, *fault) {
	defer func() { m.until = time.Now().Add(minimiseFor) }()
	ctx, cancel := context.WithTimeout(ctx, max(followFor, 4*m.age))
	defer cancel()
	for count, before := 1, 0; ctx.Err() == nil; count *= widen {
		history := recent(count)
		all := len(history) == before
		if all { // a program that uses itself up may have begun with more
			history = slices.Concat(history, history)
		}
		before = len(history)
		if played, f := m.play(ctx, history); f != nil {
			return history[:played], f
		}
		if all {
			break
		}
	}
	return nil, nil
}

// probe plays a history on a fresh program, and gives its fault if it is of the
// wanted kind.
func (m *minimiser) probe(ctx context.Context, history []Visit) *fault {
	_, f := m.play(ctx, history)
	return f
}

// play is probe, and gives how many visits were played until the fault.
func (m *minimiser) play(ctx context.Context, history []Visit) (played int, f *fault) {
	p, err := m.o.start(ctx)
	if err != nil {
		m.trouble = fmt.Errorf("start the program again: %w", err)
		return 0, nil
	}
	defer p.close()
	if m.exact {
		p.reasons = nil
	}
	for i, v := range history {
		f := p.play(ctx, m.o, v, answerLimit)
		if f != nil && (f.kind == Answer || f.kind == Silence) && m.want != f.kind {
			if died := p.dies(); died != nil {
				f = died
			}
		}
		if f != nil && f.kind == m.want {
			return i + 1, f
		}
		if f != nil || len(p.belief) > mostStates {
			m.trouble = fmt.Errorf("at visit %d of %d: %s", i+1, len(history), but(f))
			return 0, nil
		}
	}
	switch m.want {
	case Leak, Spin:
		f = p.leaves()
	case Crash, Exception:
		f = p.dies()
	}
	if f != nil && f.kind == m.want {
		return len(history), f
	}
	return 0, nil
}

// shorten leaves out what visits it can, and then makes the last one shorter.
func (m *minimiser) shorten(ctx context.Context, f *fault, history []Visit) ([]Visit, *fault) {
	leaveOut(history, (len(history)+1)/2, func(less []Visit) []Visit {
		m.try(ctx, &history, &f, less)
		return history
	})
	last := history[len(history)-1] // a program may show its fault at an earlier visit
	leaveOut(last, (len(last)+1)/2, func(less Visit) Visit {
		shorter := slices.Clone(history)
		shorter[len(shorter)-1] = less
		m.try(ctx, &history, &f, shorter)
		return history[len(history)-1]
	})
	return history, f
}

// leaveOut leaves parts out of a list, so many elements at once at first and
// single ones at last, from the end on. Each time try gives what is kept: the
// shorter list, or what it was.
func leaveOut[L ~[]E, E any](list L, chunk int, try func(less L) (kept L)) {
	for ; chunk > 0; chunk /= 2 {
		for from := len(list) - chunk; from >= 0; from -= chunk {
			list = try(slices.Concat(list[:from], list[from+chunk:]))
			from = min(from, len(list))
		}
	}
}

// try takes a shorter history if it ends in the same signature.
func (m *minimiser) try(ctx context.Context, history *[]Visit, f **fault, shorter []Visit) bool {
	if len(shorter) == 0 || m.left == 0 || time.Now().After(m.until) || ctx.Err() != nil || size(shorter) >= size(*history) {
		return false
	}
	m.left--
	played, again := m.play(ctx, shorter)
	if again == nil || again.signature != (*f).signature {
		return false
	}
	*history, *f = shorter[:played], again
	return true
}

// leaking is for how many visits a leak is shown; with more than usedUp of them a
// program has perhaps used itself up.
const leaking, usedUp = 2 * leakSlack, 256

// repeated finds a single visit that shows the fault if it is repeated. For a leak
// it is one after which the descriptors have risen; for what needs a long history,
// one of the last ones.
func (m *minimiser) repeated(ctx context.Context, f *fault, history []Visit) ([]Visit, *fault) {
	var suspects []Visit
	times := 2 * len(history)
	switch {
	case m.want == Leak:
		suspects, times = m.rises(ctx, history), leaking
	case len(history) > usedUp:
		suspects = history[len(history)-2:]
	}
	for _, v := range suspects {
		again := repeat(v, times)
		if played, shown := m.play(ctx, again); shown != nil {
			return again[:played], shown
		}
	}
	return history, f
}

// mostRises is how many visits are suspected of a leak.
const mostRises = 5

// rises gives visits behind which a fresh program has more descriptors than
// before.
func (m *minimiser) rises(ctx context.Context, history []Visit) (list []Visit) {
	p, err := m.o.start(ctx)
	if err != nil {
		return nil
	}
	defer p.close()
	most := p.first.Descriptors
	for _, v := range history {
		if p.play(ctx, m.o, v, answerLimit) != nil || len(list) == mostRises {
			break
		}
		if now, err := p.process.Vitals(); err == nil && now.Descriptors > most {
			most = now.Descriptors
			list = append(list, v)
		}
	}
	return list
}

// repeat makes a history of one visit.
func repeat(v Visit, times int) (list []Visit) {
	for range times {
		list = append(list, v)
	}
	return list
}

// size is by what histories are compared.
func size(history []Visit) int {
	n := 16 * len(history)
	for _, v := range history {
		n += len(v)
	}
	return n
}
