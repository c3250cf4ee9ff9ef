package fuzz

import (
	"context"
	"slices"
	"time"
)

// A minimiser makes a history short that ends in a fault. Each attempt is played
// on a fresh program.
type minimiser struct {
	o     *Options
	want  Kind
	until time.Time
	left  int // attempts
}

// Bounds of it, in time and in attempts; what is not yet minimal then is still
// right.
const (
	minimiseFor      = 15 * time.Second
	minimiseAttempts = 200
)

// verifications is how often a finding is played again at the end.
const verifications = 3

// finding minimises and verifies.
func (m *minimiser) finding(ctx context.Context, f *fault, history []Visit) *Finding {
	last := f
	if m.want != Leak {
		history, last = m.shorten(ctx, f, history)
	}
	finding := m.o.finding(last, history)
	finding.first = f.signature
	for range verifications {
		if again := m.probe(ctx, history); again != nil {
			finding.Verified++
		}
	}
	return finding
}

// probe plays a history on a fresh program, and gives its fault if it is of the
// wanted kind.
func (m *minimiser) probe(ctx context.Context, history []Visit) *fault {
	p, err := m.o.start(ctx)
	if err != nil {
		return nil
	}
	defer p.close()
	for _, v := range history {
		if f := p.play(ctx, m.o, v); f != nil {
			if f.kind == m.want {
				return f
			}
			return nil
		}
	}
	switch m.want {
	case Leak:
		return p.leaks()
	case Crash, Exception:
		return p.dies()
	}
	return nil
}

// shorten tries the last visit alone, then leaves out what it can, and then
// makes the last visit itself shorter.
func (m *minimiser) shorten(ctx context.Context, f *fault, history []Visit) ([]Visit, *fault) {
	m.try(ctx, &history, &f, history[len(history)-1:])
	for chunk := len(history) / 2; chunk > 0; chunk /= 2 {
		for from := len(history) - 1 - chunk; from >= 0; from -= chunk {
			m.try(ctx, &history, &f, slices.Concat(history[:from], history[from+chunk:]))
			from = min(from, len(history)-1)
		}
	}
	end := len(history) - 1
	for chunk := len(history[end]) / 2; chunk > 0; chunk /= 2 {
		for from := len(history[end]) - chunk; from >= 0; from -= chunk {
			shorter := slices.Clone(history)
			shorter[end] = slices.Concat(history[end][:from], history[end][from+chunk:])
			m.try(ctx, &history, &f, shorter)
			from = min(from, len(history[end]))
		}
	}
	return history, f
}

// try takes a shorter history if it ends in the same signature.
func (m *minimiser) try(ctx context.Context, history *[]Visit, f **fault, shorter []Visit) {
	if len(shorter) == 0 || m.left == 0 || time.Now().After(m.until) || ctx.Err() != nil || size(shorter) >= size(*history) {
		return
	}
	m.left--
	if again := m.probe(ctx, shorter); again != nil && again.signature == (*f).signature {
		*history, *f = shorter, again
	}
}

// size is by what histories are compared.
func size(history []Visit) int {
	n := 16 * len(history)
	for _, v := range history {
		n += len(v)
	}
	return n
}
