package fileshare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// AnswerDiscovery answers every client that looks for servers with the name of
// the service, until ctx ends: then it closes the socket (§3.2). Other
// datagrams are logged and get no answer.
func (s *Server) AnswerDiscovery(ctx context.Context, pc net.PacketConn) error {
	defer pc.Close()
	stop := context.AfterFunc(ctx, func() { pc.Close() })
	defer stop()
	// A longer datagram is cut to the length of the buffer, and one byte more
	// than a request has is enough to see that it is none.
	buf := make([]byte, len(discoveryText)+1)
	for {
		n, from, err := pc.ReadFrom(buf)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("receiving a datagram: %w", err)
		case err != nil:
			s.Logf("error: receiving a datagram: %v", err)
			time.Sleep(retryPause)
			continue
		}
		s.answerDatagram(pc, from, buf[:n])
	}
}

// answerDatagram answers one datagram, if it is a request, to where it came
// from.
func (s *Server) answerDatagram(pc net.PacketConn, from net.Addr, datagram []byte) {
	if _, err := ParseDiscoveryRequest(datagram); err != nil {
		s.Logf("no answer to %s: %v", from, err)
		return
	}
	answer := &DiscoveryAnswer{Service: s.Service}
	if _, err := pc.WriteTo(answer.Append(nil), from); err != nil {
		s.Logf("error: answering %s: %v", from, err)
		return
	}
	s.Logf("service discovery from %s", from)
}
