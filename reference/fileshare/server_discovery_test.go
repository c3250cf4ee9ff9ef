package fileshare_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

const request = "SERVICE DISCOVERY"

func TestServerDiscovery(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		for range 5 {
			require.Equal(r.t, []string{fileshare.ServiceName}, r.discover(request))
		}
		r.logged("service discovery from " + clientIP + ":")
	})
}

// TestServerDiscoveryBroadcast has two clients that ask everybody at once.
func TestServerDiscoveryBroadcast(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		var clients []net.PacketConn
		for _, ip := range []string{clientIP, "10.0.0.3"} {
			pc, err := r.ether.host(ip)("udp4", ":0")
			require.NoError(r.t, err)
			defer pc.Close()
			clients = append(clients, pc)
		}
		for range 3 {
			for _, pc := range clients {
				_, err := pc.WriteTo([]byte(request), udp(broadcastIP, fileshare.DiscoveryPort))
				require.NoError(r.t, err)
			}
		}
		for _, pc := range clients {
			require.Len(r.t, answers(r.t, pc, time.Second), 3)
		}
	})
}

func TestServerDiscoveryOther(t *testing.T) {
	others := map[string]string{
		"empty":          "",
		"hello":          "HELLO",
		"longer":         request + "X",
		"shorter":        request[:16],
		"line":           request + "\n",
		"nul":            request + "\x00",
		"lower case":     strings.ToLower(request),
		"space before":   " " + request,
		"not utf-8":      "\xff\xfe\xfd",
		"60 kB":          strings.Repeat("x", 60000),
		"60 kB of them":  strings.Repeat(request, 3500),
		"terminal codes": "\x1b[2J",
	}
	for name, other := range others {
		t.Run(name, func(t *testing.T) {
			inBubble(t, fileshare.Sized, func(r *rig) {
				require.Empty(r.t, r.discover(other))
				r.logged("no answer to " + clientIP + ":")
				require.NotContains(r.t, r.log.String(), "\x1b")
				r.servesOn()
			})
		})
	}
}

// TestServerDiscoveryFails has a network that does not take the answers for a
// while, and then brings errors.
func TestServerDiscoveryFails(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		r.ether.lose = func(from, to net.Addr) error {
			if from.String() == serverIP+":30000" {
				return errors.New("network is unreachable")
			}
			return nil
		}
		require.Empty(r.t, r.discover(request))
		r.logged("error: answering " + clientIP + ":")
		r.ether.lose = nil
		r.servesOn()
	})
}

// A flakyPackets fails to receive sometimes.
type flakyPackets struct {
	net.PacketConn
	failures int
}

func (f *flakyPackets) ReadFrom(p []byte) (int, net.Addr, error) {
	if f.failures > 0 {
		f.failures--
		return 0, nil, fmt.Errorf("connection refused")
	}
	return f.PacketConn.ReadFrom(p)
}

func TestServerRetriesToReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &ether{}
		pc, err := e.host(serverIP)("udp4", ":30000")
		require.NoError(t, err)
		s := &fileshare.Server{Service: "s", Log: &logbook{}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.AnswerDiscovery(ctx, &flakyPackets{PacketConn: pc, failures: 3}) }()
		client, err := e.host(clientIP)("udp4", ":0")
		require.NoError(t, err)
		_, err = client.WriteTo([]byte(request), udp(serverIP, 30000))
		require.NoError(t, err)
		require.Equal(t, []string{"s"}, answers(t, client, time.Second))
		stop()
		require.NoError(t, <-ended)
	})
}
