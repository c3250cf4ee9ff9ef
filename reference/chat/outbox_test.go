package chat_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

func TestOutboxBound(t *testing.T) {
	for size, fits := range map[int]bool{chat.MaxBacklog - 1: true, chat.MaxBacklog: true, chat.MaxBacklog + 1: false} {
		b := make([]byte, size)
		require.Equal(t, fits, chat.NewOutbox().Put(b), "%d", size)
		o := chat.NewOutbox()
		require.True(t, o.Put(b[:10]))
		require.Equal(t, fits, o.Put(b[10:]), "%d in two", size)
	}
	o := chat.NewOutbox()
	full := make([]byte, chat.MaxBacklog)
	require.True(t, o.Put(full))
	require.False(t, o.Put([]byte("x")))
	o.Take()
	require.True(t, o.Put(full), "there is room again")
}

func TestOutboxOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := chat.NewOutbox()
		start := time.Now()
		go func() {
			for _, s := range []string{"a", "b", "c"} {
				time.Sleep(time.Second)
				o.Put([]byte(s))
			}
			o.Put([]byte("d"))
			o.Close()
		}()
		for _, want := range []string{"a", "b", "c", "d"} {
			got, ok := o.Take()
			require.True(t, ok)
			require.Equal(t, want, string(got))
		}
		require.Equal(t, 3*time.Second, time.Since(start))
		_, ok := o.Take()
		require.False(t, ok)
		require.False(t, o.Put([]byte("e")))
	})
}
