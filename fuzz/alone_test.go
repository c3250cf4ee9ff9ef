package fuzz

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestAlone holds that a lone worker has its processor to itself.
func TestAlone(t *testing.T) {
	allowed := func() map[string]unix.CPUSet {
		list := map[string]unix.CPUSet{}
		tasks, err := os.ReadDir("/proc/self/task")
		require.NoError(t, err)
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			require.NoError(t, err)
			var set unix.CPUSet
			if unix.SchedGetaffinity(tid, &set) == nil {
				list[task.Name()] = set
			}
		}
		return list
	}
	processors, unpin := pin(0)
	defer unpin()
	if processors == nil {
		t.Skip("there is one processor")
	}
	undo := Share{}.alone(processors)
	own := strconv.Itoa(unix.Gettid())
	for tid, set := range allowed() {
		require.Equal(t, tid == own, set.IsSet(processors[0]), tid)
	}
	undo()
	for tid, set := range allowed() {
		require.True(t, set.IsSet(processors[0]), tid)
	}
	require.NotNil(t, Share{Workers: 2}.alone(processors))
	for tid, set := range allowed() {
		require.True(t, set.IsSet(processors[0]), tid)
	}
}
