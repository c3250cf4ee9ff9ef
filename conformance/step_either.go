package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.starlark.net/starlark"
)

// An Either waits for the first of several expectations: the source leaves
// open which way a program goes. Which one it was is recorded. Files are looked
// at once, at the beginning.
type Either struct {
	Cases []Case
}

// A Case is one way to go, and its name for people.
type Case struct {
	Name string
	Step Step
}

func (s *Either) play(ctx context.Context, p *player) error {
	limit := time.Duration(0)
	for _, c := range s.Cases {
		if f, looks := c.Step.(*ExpectFile); looks {
			if _, err := f.look(p, nil, true); err != nil {
				return err
			}
		}
		if w, waits := c.Step.(interface{ limit() time.Duration }); waits {
			limit = max(limit, p.within(w.limit()))
		}
	}
	return p.await(ctx, s, limit)
}

// judge takes the first case that holds; it fails when all have failed.
func (s *Either) judge(v *view, b *binding) Finding {
	var wants, gots []string
	state, late := Failed, true
	var last Finding
	for _, c := range s.Cases {
		f := c.Step.judge(v, b)
		switch f.State {
		case OK:
			f.Observed = c.Name
			return f
		case Pending, Invalid:
			state = f.State
		}
		late = late && f.Late
		wants, gots, last = append(wants, f.Want), append(gots, f.Got), f
	}
	last.State, last.Late = state, late
	last.Want = strings.Join(slices.Compact(wants), ", or ")
	last.Got = strings.Join(slices.Compact(gots), "; ")
	return last
}

func (s *Either) star() string {
	parts := make([]string, len(s.Cases))
	for i, c := range s.Cases {
		parts[i] = starText(c.Name) + ": " + c.Step.star()
	}
	return "either({" + strings.Join(parts, ", ") + "})"
}

func eitherWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var cases *starlark.Dict
	if err := unpack(fn, args, kwargs, "cases", &cases); err != nil {
		return nil, err
	}
	s := &Either{}
	for _, item := range cases.Items() {
		name, isString := starlark.AsString(item[0])
		step, isStep := item[1].(*stepValue)
		if !isString || !isStep {
			return nil, fmt.Errorf("%s wants names and expectations, got %s: %s", fn, item[0], item[1])
		}
		s.Cases = append(s.Cases, Case{name, step.step})
	}
	return newStep(s)
}
