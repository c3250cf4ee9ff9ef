package memnet

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkConnection is one short connection: dial, accept, question, answer,
// close.
func BenchmarkConnection(b *testing.B) {
	n := New()
	l, err := n.Host("server").Listen("tcp", ":5000")
	require.NoError(b, err)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, 7))
			c.Write(make([]byte, 5))
			c.Close()
		}
	}()
	defer l.Close()
	client := n.Host("client")
	b.ReportAllocs()
	for b.Loop() {
		c, err := client.Dial(b.Context(), "tcp", "127.0.0.1:5000")
		require.NoError(b, err)
		c.Write(make([]byte, 7))
		io.Copy(io.Discard, c)
		c.Close()
	}
}

// BenchmarkTransfer is 16 MiB over an open connection.
func BenchmarkTransfer(b *testing.B) {
	c, s := pair(b)
	data := make([]byte, 16<<20)
	go io.Copy(io.Discard, s)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, err := c.Write(data)
		require.NoError(b, err)
	}
	c.Close()
}
