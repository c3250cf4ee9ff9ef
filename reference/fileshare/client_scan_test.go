package fileshare_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/fileshare"
)

// onTheEther runs test with a client program on a network of datagrams where
// others can wait for its broadcasts.
func onTheEther(t *testing.T, test func(c *client, e *ether)) {
	synctest.Test(t, func(t *testing.T) {
		e := &ether{}
		c := startClient(t, memnet.New().Host("client"), e)
		test(c, e)
		require.Zero(t, c.ends())
		require.Zero(t, e.open(clientIP))
	})
}

// service waits for one datagram at the discovery port and answers it, some
// time later, with several.
func service(t *testing.T, e *ether, ip string, after time.Duration, answers ...string) {
	pc, err := e.host(ip)("udp4", ":30000")
	require.NoError(t, err)
	go func() {
		buf := make([]byte, 100)
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		if string(buf[:n]) != request {
			panic(fmt.Sprintf("got %q", buf[:n]))
		}
		time.Sleep(after)
		for _, a := range answers {
			pc.WriteTo([]byte(a), from)
		}
	}()
	t.Cleanup(func() { pc.Close() })
}

const scanTime = fileshare.ScanRounds * fileshare.ScanWait

func TestClientScanNone(t *testing.T) {
	onTheEther(t, func(c *client, e *ether) {
		for range 2 {
			start := time.Now()
			require.Equal(c.t, "No service found\n", c.types("scan"))
			require.Equal(c.t, scanTime, time.Since(start))
		}
	})
}

func TestClientScanFinds(t *testing.T) {
	tests := map[string]struct {
		after   time.Duration
		answers []string
		want    string
	}{
		"one":           {0, []string{"Zoë's File Sharing Service"}, "Zoë's File Sharing Service found at 10.0.0.9 30001\n"},
		"twice":         {0, []string{"a", "a"}, "a found at 10.0.0.9 30001\n"},
		"two names":     {0, []string{"a", "b"}, "a found at 10.0.0.9 30001\nb found at 10.0.0.9 30001\n"},
		"late":          {scanTime - 1, []string{"a"}, "a found at 10.0.0.9 30001\n"},
		"too late":      {scanTime + 1, []string{"a"}, "No service found\n"},
		"longest":       {0, []string{strings.Repeat("s", 1024)}, strings.Repeat("s", 1024) + " found at 10.0.0.9 30001\n"},
		"terminal":      {0, []string{"\x1b[2J"}, "\ufffd[2J found at 10.0.0.9 30001\n"},
		"empty":         {0, []string{""}, "ignored a datagram from 10.0.0.9:30000: DiscoveryAnswer.Service wanted 1 to 1024 bytes, got 0: erroneous record\nNo service found\n"},
		"too long":      {0, []string{strings.Repeat("s", 60000)}, "ignored a datagram from 10.0.0.9:30000: DiscoveryAnswer.Service wanted 1 to 1024 bytes, got 1025: erroneous record\nNo service found\n"},
		"not utf-8":     {0, []string{"\xff"}, "ignored a datagram from 10.0.0.9:30000: DiscoveryAnswer.Service wanted UTF-8, got \"\\xff\": erroneous record\nNo service found\n"},
		"bad, then one": {0, []string{"\xff", "a"}, "ignored a datagram from 10.0.0.9:30000: DiscoveryAnswer.Service wanted UTF-8, got \"\\xff\": erroneous record\na found at 10.0.0.9 30001\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onTheEther(t, func(c *client, e *ether) {
				service(c.t, e, "10.0.0.9", tt.after, tt.answers...)
				require.Equal(c.t, tt.want, c.types("scan"))
				time.Sleep(time.Minute) // the service ends
			})
		})
	}
}

func TestClientScanFindsSeveral(t *testing.T) {
	onTheEther(t, func(c *client, e *ether) {
		service(c.t, e, "10.0.0.8", 0, "a")
		service(c.t, e, "10.0.0.9", time.Second, "a")
		require.Equal(c.t, "a found at 10.0.0.8 30001\na found at 10.0.0.9 30001\n", c.types("scan"))
	})
}

// TestClientScanAgain has a service that comes between two scans.
func TestClientScanAgain(t *testing.T) {
	onTheEther(t, func(c *client, e *ether) {
		require.Equal(c.t, "No service found\n", c.types("scan"))
		service(c.t, e, "10.0.0.9", 0, "a")
		require.Equal(c.t, "a found at 10.0.0.9 30001\n", c.types("scan"))
		service(c.t, e, "10.0.0.7", 0, "b")
		require.Equal(c.t, "b found at 10.0.0.7 30001\n", c.types("scan"))
	})
}

// TestClientScanRepeats expects more than one datagram, to everybody.
func TestClientScanRepeats(t *testing.T) {
	onTheEther(t, func(c *client, e *ether) {
		var sent []string
		e.lose = func(from, to net.Addr) error { sent = append(sent, to.String()); return nil }
		c.types("scan")
		require.Equal(c.t, []string{"255.255.255.255:30000", "255.255.255.255:30000", "255.255.255.255:30000"}, sent)
	})
}

func TestClientScanFails(t *testing.T) {
	onTheEther(t, func(c *client, e *ether) {
		e.lose = func(from, to net.Addr) error { return errors.New("network is unreachable") }
		require.Equal(c.t, "No service found\nerror: sending a broadcast to 255.255.255.255:30000: network is unreachable\n", c.types("scan"))
		e.lose = nil
		service(c.t, e, "10.0.0.9", 0, "a")
		require.Equal(c.t, "a found at 10.0.0.9 30001\n", c.types("scan"))
	})
}

func TestClientScanCannotListen(t *testing.T) {
	var out logbook
	noPackets := func(network, address string) (net.PacketConn, error) {
		return nil, fmt.Errorf("listen %s %s: refused", network, address)
	}
	status := fileshare.ClientMain(t.Context(), nil, t.TempDir(), strings.NewReader("scan\n"), &out, nil, noPackets)
	require.Zero(t, status)
	require.Equal(t, "> error: scanning: listen udp4 :0: refused\n> ", out.String())
}
