//! The filter in the kernel (seccomp(2), "SECCOMP_RET_TRACE"): which calls stop the program. All others run at full speed.
//!
//! Calls of another processor mode (32 bits) pass: their numbers mean something else.

use nix::libc;
use seccompiler::sock_filter;

use crate::witness::calls::{self, Kind};
use crate::witness::cpu;

/// Where `struct seccomp_data` (linux/seccomp.h) has the call's number, the processor, and the lower half of the
/// arguments with index 1 and 2.
const NUMBER: u32 = 0;
const PROCESSOR: u32 = 4;
const ARGUMENT_1: u32 = 24;
const ARGUMENT_2: u32 = 32;

/// Puts the filter on the calling thread and all that it will start. It can't be taken off, and takes from them the right
/// to gain privileges (`no_new_privs`), as a filter of an ordinary user must.
///
/// # Errors
/// Where the kernel has no filters, or something forbids them.
pub(super) fn apply() -> Result<(), seccompiler::Error> {
    seccompiler::apply_filter(&program())
}

fn program() -> Vec<sock_filter> {
    let mut program = vec![load(PROCESSOR), skip_unless(cpu::AUDIT_ARCH, 1), skip(1), allow(), load(NUMBER)];
    let dup2 = cpu::DUP2.map(|number| (number, Kind::DuplicateTo));
    for (number, kind) in calls::CALLS.into_iter().chain(dup2) {
        let body = match kind {
            Kind::Control => duplicating(),
            Kind::GetOption => asking_for_the_error(),
            _ => vec![trace()],
        };
        // Numbers of system calls are small and positive.
        program.push(skip_unless(u32::try_from(number).unwrap_or(u32::MAX), body.len()));
        program.extend(body);
    }
    program.push(allow());
    program
}

/// fcntl(2) with a command that duplicates.
fn duplicating() -> Vec<sock_filter> {
    let commands = [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC].map(i32::cast_unsigned);
    let [first, second] = commands.map(|command| [skip_unless(command, 1), trace()]);
    [vec![load(ARGUMENT_1)], first.to_vec(), second.to_vec(), vec![allow()]].concat()
}

/// getsockopt(2) for the error of a socket.
fn asking_for_the_error() -> Vec<sock_filter> {
    let (level, option) = (libc::SOL_SOCKET.cast_unsigned(), libc::SO_ERROR.cast_unsigned());
    vec![load(ARGUMENT_1), skip_unless(level, 3), load(ARGUMENT_2), skip_unless(option, 1), trace(), allow()]
}

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

/// Passes over so many instructions unless the loaded value is this.
fn skip_unless(value: u32, instructions: usize) -> sock_filter {
    let instructions = u8::try_from(instructions).unwrap_or(u8::MAX);
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, instructions, value)
}

fn skip(instructions: u32) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JA, 0, 0, instructions)
}

fn trace() -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_TRACE)
}

fn allow() -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW)
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    // All codes fit (linux/bpf_common.h).
    sock_filter { code: u16::try_from(code).unwrap_or(u16::MAX), jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel does with a call, by the rules of bpf(4) for the instructions used here.
    fn run(processor: u32, number: i64, arguments: [u32; 2]) -> u32 {
        let (program, mut at, mut loaded) = (program(), 0, 0);
        loop {
            let sock_filter { code, jf, k, .. } = program[at];
            at += 1;
            match u32::from(code) {
                0x20 => {
                    loaded = match k {
                        0 => u32::try_from(number).unwrap(),
                        4 => processor,
                        24 => arguments[0],
                        32 => arguments[1],
                        other => panic!("no field at {other}"),
                    }
                }
                0x15 if loaded != k => at += usize::from(jf),
                0x15 => {}
                0x05 => at += usize::try_from(k).unwrap(),
                0x06 => return k,
                other => panic!("no such instruction: {other:#x}"),
            }
        }
    }

    #[test]
    fn calls_of_interest_stop_and_others_pass() {
        let stops = |number, arguments| run(cpu::AUDIT_ARCH, number, arguments) == libc::SECCOMP_RET_TRACE;
        for (number, kind) in calls::CALLS {
            let plain = !matches!(kind, Kind::Control | Kind::GetOption);
            assert_eq!(stops(number, [7777, 7777]), plain, "{kind:?}");
        }
        for number in [libc::SYS_openat, libc::SYS_futex, libc::SYS_mmap, libc::SYS_setsockopt, libc::SYS_execve] {
            assert!(!stops(number, [1, 4]), "{number}");
        }
        assert!(stops(libc::SYS_fcntl, [0, 9]) && stops(libc::SYS_fcntl, [1030, 9]));
        assert!(!stops(libc::SYS_fcntl, [3, 0]));
        let (level, error) = (libc::SOL_SOCKET.cast_unsigned(), libc::SO_ERROR.cast_unsigned());
        assert!(stops(libc::SYS_getsockopt, [level, error]));
        assert!(!stops(libc::SYS_getsockopt, [level, error + 1]) && !stops(libc::SYS_getsockopt, [level + 1, error]));
    }

    #[test]
    fn another_processor_mode_passes() {
        for (number, _) in calls::CALLS {
            assert_eq!(run(0x4000_0003, number, [0, 0]), libc::SECCOMP_RET_ALLOW);
        }
    }
}
