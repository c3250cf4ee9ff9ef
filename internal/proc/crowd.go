package proc

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// crowd watches the process counts of all programs that share the machine's
// process table. To read that table is slow and grows with the machine, so it is
// read once for all of them; a worker with a table of its own watches that itself.
var crowd = &crowdWatch{members: map[*Process]bool{}}

type crowdWatch struct {
	mu      sync.Mutex
	members map[*Process]bool
	running bool
}

func (c *crowdWatch) add(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members[p] = true
	if !c.running {
		c.running = true
		go c.run()
	}
}

func (c *crowdWatch) remove(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.members, p)
}

// list gives the programs to look at, and ends the watch when there are none.
func (c *crowdWatch) list() []*Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	members := make([]*Process, 0, len(c.members))
	for p := range c.members {
		members = append(members, p)
	}
	c.running = len(members) > 0
	return members
}

func (c *crowdWatch) run() {
	const often, seldom = 20 * time.Millisecond, 100 * time.Millisecond
	pause, last := often, 0
	for {
		time.Sleep(pause)
		members := c.list()
		if len(members) == 0 {
			return
		}
		newest := newestPid()
		if newest == last {
			pause = min(2*pause, seldom)
			continue
		}
		begun := time.Now()
		t := readTable("/proc")
		for _, p := range members {
			p.count(t)
		}
		// At most a tenth of a processor goes into looking.
		pause, last = max(often, 10*time.Since(begun)), newest
	}
}

// count kills the program if it has started too many processes.
func (p *Process) count(t table) {
	limit := p.sandbox.iso.cfg.Limits.Processes
	n := len(p.familyIn(t))
	if n <= limit {
		return
	}
	crowd.remove(p)
	go p.sandbox.call(context.Background(), order{
		Op: orderKill, Pid: p.pid, Token: p.token, Reason: tooMany(limit, n),
	}, nil)
}

func tooMany(limit, n int) string {
	return fmt.Sprintf("it started more than %d processes (%d)", limit, n)
}
