package fileshare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// A scan sends its request several times, since a datagram may be lost, and
// listens for a while after each (§2.2.1). A server that answers late, because
// it looks after its connections in between, has the time of all of them.
const (
	ScanRounds = 3
	ScanWait   = time.Second
)

// notFound is what the user is told when no server has answered in time.
const notFound = "No service found"

// Scan looks for servers by broadcast and shows each that answers (§2.2.1).
func (c *Client) Scan(ctx context.Context) error {
	pc, err := c.ListenPacket("udp4", allAddresses(0)) // any port: the answers come to where we send from
	if err != nil {
		return fmt.Errorf("scanning: %w", err)
	}
	defer pc.Close()
	stop := context.AfterFunc(ctx, func() { pc.Close() })
	defer stop()
	found := map[string]bool{}
	for range ScanRounds {
		if _, err = pc.WriteTo((&DiscoveryRequest{}).Append(nil), c.Broadcast); err != nil {
			err = fmt.Errorf("sending a broadcast to %s: %w", c.Broadcast, err)
			break
		}
		if err = c.collect(pc, time.Now().Add(ScanWait), found); err != nil {
			break
		}
	}
	if len(found) == 0 && ctx.Err() == nil {
		fmt.Fprintln(c.Out, notFound)
	}
	return err
}

// collect shows the answers that come until then, each only once.
func (c *Client) collect(pc net.PacketConn, until time.Time, found map[string]bool) error {
	if err := pc.SetReadDeadline(until); err != nil {
		return err
	}
	buf := make([]byte, MaxService+1) // one more, to see that it is too long
	for {
		n, from, err := pc.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("waiting for answers: %w", err)
		}
		answer, err := ParseDiscoveryAnswer(buf[:n])
		if err != nil {
			fmt.Fprintf(c.Out, "ignored a datagram from %s: %v\n", from, err)
			continue
		}
		line := c.foundLine(answer, from)
		if !found[line] {
			fmt.Fprintln(c.Out, line)
		}
		found[line] = true
	}
}

// foundLine says which service was found, and what to type after connect.
func (c *Client) foundLine(answer *DiscoveryAnswer, from net.Addr) string {
	ip, _, err := net.SplitHostPort(from.String())
	if err != nil {
		ip = from.String() // not an address of IP, but the best that we know
	}
	return fmt.Sprintf("%s found at %s %d", Printable(answer.Service), ip, c.SharingPort)
}
