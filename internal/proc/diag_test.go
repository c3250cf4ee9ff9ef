package proc

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestListenersTwoWays wants the same of the kernel's diagnosis as of its tables.
func TestListenersTwoWays(t *testing.T) {
	for _, mode := range []string{"namespaces", "none"} {
		t.Run(mode, func(t *testing.T) {
			iso, err := New(Config{Isolation: mode})
			if err != nil {
				t.Skipf("no isolation %s here: %v", mode, err)
			}
			defer iso.Close()
			s, err := iso.Open(t.Context())
			require.NoError(t, err)
			defer s.Close()
			python, err := Executable("python3")
			if err != nil {
				t.Skip("no python3")
			}
			p, err := s.Start(t.Context(), Spec{Args: []string{python, "-c", `
import socket, time
a = socket.create_server(("127.0.0.1", 0))
b = socket.create_server(("::1", 0), family=socket.AF_INET6)
time.sleep(60)`}})
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				addrs, err := p.Listeners()
				require.NoError(t, err)
				return len(addrs) == 2
			}, 10*time.Second, 5*time.Millisecond)
			asked, err := s.diagListening(t.Context(), unix.IPPROTO_TCP)
			require.NoError(t, err)
			read, err := p.tableListening()
			require.NoError(t, err)
			if mode == "namespaces" { // elsewhere others listen, too, and come and go
				require.ElementsMatch(t, read, asked)
			}
			require.Subset(t, asked, read[:1])
		})
	}
}

// TestUnread sees bytes wait for a program that has not accepted yet, and be read.
func TestUnread(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		for _, family := range []string{"AF_INET", "AF_INET6"} {
			t.Run(family, func(t *testing.T) {
				s := openMode(t, mode, Limits{}, nil)
				p, _ := startPython(t, s, `
import socket
a = socket.create_server(("", 0), family=socket.`+family+`, dualstack_ipv6=socket.`+family+` == socket.AF_INET6)
input()
c, _ = a.accept()
input()
c.recv(3)
input()
c.recv(3)
input()`)
				c, err := s.Dial(t.Context(), "tcp", netip.AddrPortFrom(loopback, listener(t, p).Port()).String())
				require.NoError(t, err)
				defer c.Close()
				_, err = c.Write([]byte("hello"))
				require.NoError(t, err)
				for _, unread := range []int{5, 5, 2, 0} { // in the backlog, accepted, read
					eventually(t, fmt.Sprintf("%d bytes unread", unread), func() bool {
						n, err := s.Unread(t.Context(), c)
						require.NoError(t, err)
						return n == unread && p.AwaitsInput()
					})
					_, err = p.Stdin().Write([]byte("\n"))
					require.NoError(t, err)
				}
			})
		}
	})
}
