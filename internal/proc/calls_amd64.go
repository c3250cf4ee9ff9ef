package proc

import "golang.org/x/sys/unix"

// olderCalls are system calls that newer architectures have dropped.
var olderCalls = map[int]call{
	unix.SYS_POLL:       {"poll", false},
	unix.SYS_SELECT:     {"select", false},
	unix.SYS_EPOLL_WAIT: {"epoll_wait", true},
	unix.SYS_PAUSE:      {"pause", false},
}
