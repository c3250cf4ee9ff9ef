package transfer_test

import (
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/transfer"
)

func TestServerQuiet(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("f", "data")
		r.get("f", "data")
		r.ask("DEL f", "DONE")
		r.ask("DEL f", "ERROR: f does not exist")
		r.begin("nonsense").ends()
		r.dial().reset()
		r.servesOn()
		r.stop()
		synctest.Wait()
		require.Empty(t, r.log.String())
	})
}

func TestServerVerbose(t *testing.T) {
	inBubble(t, func(r *rig) {
		require.Equal(t, "server waiting on port 5000\n", r.log.String())
		want := r.log.String()
		events := func(c talk, lines ...string) {
			t.Helper()
			c.ends()
			synctest.Wait()
			want += "server connected to client at " + c.LocalAddr().String() + "\n"
			want += strings.Join(lines, "\n") + "\n"
			want += "server waiting on port 5000\n"
			require.Equal(t, want, r.log.String())
		}
		c := r.begin("PUT my file")
		c.hear("OK")
		c.say(eight(4))
		c.hear("OK")
		c.say("data")
		c.hear("DONE")
		events(c, "server receiving request: PUT my file", "server receiving 4 bytes")

		c = r.begin("GET my file")
		c.hear("OK")
		c.say("READY")
		c.hear(eight(4))
		c.say("OK")
		c.hear("dataDONE")
		events(c, "server receiving request: GET my file", "server sending 4 bytes")

		c = r.begin("DEL my file")
		c.hear("DONE")
		events(c, "server receiving request: DEL my file", "server deleting file my file")

		c = r.begin("DEL a\x1bb")
		c.hear("ERROR: a\x1bb does not exist")
		events(c, "server receiving request: DEL a\ufffdb")
	}, "-v")
}

// TestServerVerboseInTime looks at the lines before the bytes go.
func TestServerVerboseInTime(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.dial()
		c.hear("READY")
		r.logged("server connected to client at " + c.LocalAddr().String() + "\n")
		c.say("PUT f")
		c.hear("OK")
		r.logged("server receiving request: PUT f\n")
		c.say(eight(4))
		c.hear("OK")
		r.logged("server receiving 4 bytes\n")
		c.Close()
	}, "-v")
}

// TestServerVerboseAddress has a client whose address has colons of its own.
func TestServerVerboseAddress(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:1234":        "127.0.0.1:1234",
		"[::1]:1234":            "::1:1234",
		"[::ffff:1.2.3.4]:1234": "1.2.3.4:1234",
	} {
		at, err := net.ResolveTCPAddr("tcp", address)
		require.NoError(t, err)
		near, far := net.Pipe()
		near.Close()
		var log logbook
		(&transfer.Server{Log: &log}).Handle(addressedConn{far, at})
		require.Contains(t, log.String(), "server connected to client at "+want+"\n")
	}
}

// An addressedConn says that it comes from an address.
type addressedConn struct {
	net.Conn
	at net.Addr
}

func (c addressedConn) RemoteAddr() net.Addr { return c.at }
