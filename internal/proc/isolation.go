package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// An Isolation is a way of keeping programs apart that was found to work here, and
// the submission and limits for all sandboxes opened with it.
type Isolation struct {
	cfg   Config
	rung  rung
	found report // what the worker said of its surroundings
	host  string
	rooms *rooms
	// refused is why the rung above this one does not work here; nil if it was
	// not tried.
	refused error
}

// A rung is one step of the ladder from best to least.
type rung struct{ namespaces, landlock bool }

// New finds out what this machine allows by really starting a worker and a program in it.
func New(cfg Config) (*Isolation, error) {
	ladder, err := ladderOf(cfg.Isolation)
	if err != nil {
		return nil, err
	}
	if cfg.Dir != "" {
		if _, err := os.ReadDir(cfg.Dir); err != nil {
			return nil, fmt.Errorf("read the submission: %w", err)
		}
	}
	cfg.Limits = cfg.Limits.filled()
	host, _ := os.Hostname()
	var refused []error
	for _, r := range ladder {
		i := &Isolation{cfg: cfg, rung: r, host: host, rooms: &rooms{}, refused: errors.Join(refused...)}
		if err = i.probePatiently(); err == nil {
			return i, nil
		}
		refused = append(refused, fmt.Errorf("%s: %w", i.name(), err))
	}
	return nil, fmt.Errorf("isolate programs: %w", errors.Join(refused...))
}

func ladderOf(name string) ([]rung, error) {
	best, middle, least := rung{true, true}, rung{false, true}, rung{false, false}
	switch name {
	case "", "auto":
		return []rung{best, middle, least}, nil
	case "namespaces":
		return []rung{best}, nil
	case "none":
		return []rung{least}, nil
	}
	return nil, fmt.Errorf(`isolation wants "auto", "namespaces" or "none", got %q`, name)
}

// probePatiently tries a rung with namespaces again when it fails: a machine may
// have none to give for a moment, and a lower rung keeps programs apart less.
func (i *Isolation) probePatiently() error {
	err := i.probe()
	for try := 0; err != nil && i.rung.namespaces && try < probesAgain; try++ {
		time.Sleep(probePause)
		err = i.probe()
	}
	return err
}

const (
	probesAgain = 2
	probePause  = 100 * time.Millisecond
)

// probe walks the whole path once: some systems let a user namespace be made and
// then deny what it is needed for.
func (i *Isolation) probe() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	bare := *i
	bare.cfg.Dir, bare.cfg.Limits = "", Limits{}.filled() // our own binary may need more than the limits
	bare.rooms = &rooms{}
	defer bare.Close()
	sb, err := bare.Open(ctx)
	if err != nil {
		return err
	}
	defer sb.Close()
	i.found = sb.found
	if i.rung == (rung{landlock: true}) && i.found.Landlock == 0 {
		return errors.New("the kernel has no landlock")
	}
	return sb.tryNothing(ctx)
}

// tryNothing starts our own binary as a program that ends at once and connects two sockets.
func (s *Sandbox) tryNothing(ctx context.Context) error {
	ln, err := s.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	conn, err := s.Dial(ctx, "tcp", ln.Addr().String())
	if err != nil {
		return err
	}
	conn.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := s.start(ctx, self, Spec{Args: []string{nothingName}})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		return ctx.Err()
	}
	if st := p.Status(); st.Code != 0 || st.Signal != 0 {
		return fmt.Errorf("a program that does nothing ended with %s", st)
	}
	return nil
}

// String names the rung in use, as it stands in every report, and why it is not
// a better one.
func (i *Isolation) String() string {
	if i.refused != nil {
		first, _, _ := strings.Cut(i.refused.Error(), "\n")
		return i.name() + "; not " + first
	}
	return i.name()
}

func (i *Isolation) name() string {
	landlock := ""
	if i.found.Landlock > 0 {
		landlock = fmt.Sprintf("landlock %d, ", i.found.Landlock)
	}
	switch {
	case i.rung.namespaces && len(i.found.Notes) > 0:
		return fmt.Sprintf("user, net, pid and mount namespaces (%s), %srlimits", strings.Join(i.found.Notes, "; "), landlock)
	case i.rung.namespaces:
		return fmt.Sprintf("user, net, pid and mount namespaces, %srlimits", landlock)
	case i.rung.landlock:
		return landlock + "rlimits, process group"
	}
	return "none (rlimits, process group)"
}

// Private tells whether every sandbox has a network of its own, so that fixed
// ports of parallel runs cannot meet.
func (i *Isolation) Private() bool { return i.rung.namespaces }

// Capacity is how many sandboxes may be open at once if a program in each uses
// all the memory that it may: at least one.
func (i *Isolation) Capacity() int {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 1
	}
	m, err := fs.Meminfo()
	if err != nil || m.MemAvailableBytes == nil {
		return 1
	}
	return max(1, int(*m.MemAvailableBytes/i.cfg.Limits.Memory))
}
