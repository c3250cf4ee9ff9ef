package fuzz

import (
	"fmt"
	"time"

	"netproctor/conformance"
)

// leakSlack is by how many descriptors a program may grow. A right server may
// keep a connection for as long as its longest timer, which is lingering.
const (
	leakSlack = 20
	lingering = 1500 * time.Millisecond
)

// leaves looks for what visits have left behind: descriptors that have risen and
// stay, or work that never ends. It is called between two visits, and costs
// nothing but a look while there is nothing.
func (p *program) leaves() *fault {
	now, err := p.process.Vitals()
	if err != nil {
		return nil
	}
	if now.Runnable > 0 {
		if spins, evidence := p.spins(); spins {
			return &fault{Spin, "spin at rest", fmt.Sprintf("nobody is connected to it after %d visits; %s", p.visits, evidence)}
		}
	}
	for _, pause := range []time.Duration{50 * time.Millisecond, lingering} {
		if now.Descriptors <= p.first.Descriptors+leakSlack {
			return nil
		}
		time.Sleep(pause)
		if now, err = p.process.Vitals(); err != nil {
			return nil
		}
	}
	if now.Descriptors <= p.first.Descriptors+leakSlack {
		return nil
	}
	return &fault{Leak, "leak", fmt.Sprintf("%d descriptors are open after %d connections, %d at the start", now.Descriptors, p.visits, p.first.Descriptors)}
}

// overflows counts the connections that were dropped in the program's network.
func (p *program) overflows() uint64 {
	if p == nil {
		return 0
	}
	box, can := p.box.(conformance.Direct)
	if !can {
		return 0
	}
	n, err := box.Overflows()
	if err != nil || n < p.overflown {
		return 0
	}
	return n - p.overflown
}
