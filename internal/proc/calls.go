package proc

import "golang.org/x/sys/unix"

// A call is a system call in which programs are found blocked.
type call struct {
	name       string
	descriptor bool // its first argument is a descriptor
}

// calls are those of every architecture, and those of older ones beside them.
var calls = withOlder(map[int]call{
	unix.SYS_READ:            {"read", true},
	unix.SYS_READV:           {"readv", true},
	unix.SYS_WRITE:           {"write", true},
	unix.SYS_WRITEV:          {"writev", true},
	unix.SYS_RECVFROM:        {"recvfrom", true},
	unix.SYS_RECVMSG:         {"recvmsg", true},
	unix.SYS_RECVMMSG:        {"recvmmsg", true},
	unix.SYS_SENDTO:          {"sendto", true},
	unix.SYS_SENDMSG:         {"sendmsg", true},
	unix.SYS_SENDFILE:        {"sendfile", true},
	unix.SYS_ACCEPT:          {"accept", true},
	unix.SYS_ACCEPT4:         {"accept4", true},
	unix.SYS_CONNECT:         {"connect", true},
	unix.SYS_FLOCK:           {"flock", true},
	unix.SYS_FSYNC:           {"fsync", true},
	unix.SYS_EPOLL_PWAIT:     {"epoll_pwait", true},
	unix.SYS_PPOLL:           {"ppoll", false},
	unix.SYS_PSELECT6:        {"pselect6", false},
	unix.SYS_FUTEX:           {"futex", false},
	unix.SYS_NANOSLEEP:       {"nanosleep", false},
	unix.SYS_CLOCK_NANOSLEEP: {"clock_nanosleep", false},
	unix.SYS_WAIT4:           {"wait4", false},
	unix.SYS_WAITID:          {"waitid", false},
	unix.SYS_RT_SIGTIMEDWAIT: {"rt_sigtimedwait", false},
	unix.SYS_RT_SIGSUSPEND:   {"rt_sigsuspend", false},
	unix.SYS_RESTART_SYSCALL: {"restart_syscall", false},
})

func withOlder(m map[int]call) map[int]call {
	for number, c := range olderCalls {
		m[number] = c
	}
	return m
}
