package fuzz

import (
	"context"
	"slices"
	"time"
)

// A shortener makes a history of a state machine short that ends in a fault of
// some kind. Each attempt is played on a fresh program. A shorter history may end
// in another action than the long one: what shows a mistake best is the least.
type shortener struct {
	o     *MachineOptions
	want  Kind
	until time.Time
	left  int // attempts
}

// shorten leaves out what it can: what comes after the fault, then more and more
// single actions, then repetitions, then bytes. It goes on until there is
// nothing more to leave out.
func (m *shortener) shorten(ctx context.Context, history []Action) []Action {
	for before := -1; before != weight(history); {
		before = weight(history)
		m.cut(ctx, &history)
		leaveOut(history, len(history)/2, func(less []Action) []Action {
			m.try(ctx, &history, less)
			return history
		})
		m.merge(ctx, &history)
		m.repetitions(ctx, &history)
		m.rename(ctx, &history)
	}
	return history
}

// cut leaves out the end, by halves.
func (m *shortener) cut(ctx context.Context, history *[]Action) {
	low, high := 0, len(*history) // the fault is in the first high actions, not in the first low ones
	for low+1 < high && m.left > 0 {
		half := (low + high) / 2
		if m.try(ctx, history, (*history)[:half]) {
			high = half
		} else {
			low = half
		}
	}
}

// repetitions does actions less often, and makes clients of many one.
func (m *shortener) repetitions(ctx context.Context, history *[]Action) {
	for i := range *history {
		low, high := 0, (*history)[i].times() // high times is enough, low is not
		for low+1 < high && m.left > 0 {
			half := (low + high) / 2
			if low == 0 {
				half = 1 // most often that is enough
			}
			fewer := slices.Clone(*history)
			fewer[i].Times = half
			if m.try(ctx, history, fewer) {
				high = half
			} else {
				low = half
			}
		}
	}
}

// merge makes one action of two neighbours, done as often as both.
func (m *shortener) merge(ctx context.Context, history *[]Action) {
	for i := 0; i+1 < len(*history); {
		a, b := (*history)[i], (*history)[i+1]
		if a.Deed != b.Deed || a.Deed == Connecting {
			i++
			continue
		}
		a.Times, b.Times = a.times()+b.times(), a.times()+b.times()
		if !m.try(ctx, history, slices.Concat((*history)[:i], []Action{a}, (*history)[i+2:])) &&
			!m.try(ctx, history, slices.Concat((*history)[:i], []Action{b}, (*history)[i+2:])) {
			i++
		}
	}
}

// rename has one client do what another one does, so that there are fewer.
func (m *shortener) rename(ctx context.Context, history *[]Action) {
	var clients []int
	for _, a := range *history {
		if !slices.Contains(clients, a.Client) {
			clients = append(clients, a.Client)
		}
	}
	for i := len(clients) - 1; i > 0; i-- {
		fewer := slices.Clone(*history)
		for k := range fewer {
			if fewer[k].Client == clients[i] {
				fewer[k].Client = clients[0]
			}
		}
		m.try(ctx, history, fewer)
	}
}

// try takes another history if it shows the same.
func (m *shortener) try(ctx context.Context, history *[]Action, other []Action) bool {
	if len(other) == 0 || m.left == 0 || time.Now().After(m.until) || ctx.Err() != nil {
		return false
	}
	m.left--
	f, _, err := m.o.probe(ctx, other)
	if err != nil || f == nil || f.kind != m.want {
		return false
	}
	*history = other
	return true
}

// weight is by what histories are compared.
func weight(history []Action) (n int) {
	for _, a := range history {
		n += 16 + a.times() + len(a.Sent()) + a.Client
	}
	return n
}
