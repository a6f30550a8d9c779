//! What differs between processors: how a stopped thread's system call is read from its registers.

use nix::sys::ptrace;
use nix::unistd::Pid;

#[cfg(target_arch = "aarch64")]
use aarch64 as machine;
#[cfg(target_arch = "x86_64")]
use x86_64 as machine;

pub(super) use machine::{AUDIT_ARCH, DUP2};

/// A system call at its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    /// Its number.
    pub(super) number: i64,
    /// Its arguments.
    pub(super) arguments: [u64; 6],
}

/// The call at whose entry this thread stands; `None` for one of another processor mode (32 bits), whose numbers are
/// others.
///
/// # Errors
/// If the thread is gone.
pub(super) fn call(thread: Pid) -> nix::Result<Option<Call>> {
    ptrace::getregs(thread).map(|registers| machine::call(&registers.into()))
}

/// What the call returned at whose exit this thread stands; a negative number is an errno.
///
/// # Errors
/// If the thread is gone.
pub(super) fn result(thread: Pid) -> nix::Result<i64> {
    ptrace::getregs(thread).map(|registers| machine::result(&registers.into()))
}

/// A 64-bit PC. Which register has what is in syscall(2), "Architecture calling conventions".
#[cfg(any(test, target_arch = "x86_64"))]
mod x86_64 {
    use super::Call;

    /// `AUDIT_ARCH_X86_64` (linux/audit.h).
    pub(crate) const AUDIT_ARCH: u32 = 0xc000_003e;
    /// The number of dup2(2).
    pub(crate) const DUP2: Option<i64> = Some(33);
    /// The code segment of 64-bit programs (`__USER_CS`).
    const CODE_64: u64 = 0x33;

    /// The registers that tell of a call.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Registers {
        pub(crate) orig_rax: u64,
        pub(crate) rax: u64,
        pub(crate) arguments: [u64; 6],
        pub(crate) cs: u64,
    }

    #[cfg(target_arch = "x86_64")]
    impl From<nix::libc::user_regs_struct> for Registers {
        fn from(all: nix::libc::user_regs_struct) -> Registers {
            let nix::libc::user_regs_struct { orig_rax, rax, rdi, rsi, rdx, r10, r8, r9, cs, .. } = all;
            Registers { orig_rax, rax, arguments: [rdi, rsi, rdx, r10, r8, r9], cs }
        }
    }

    pub(crate) fn call(registers: &Registers) -> Option<Call> {
        let Registers { orig_rax, arguments, cs, .. } = *registers;
        (cs == CODE_64).then_some(Call { number: orig_rax.cast_signed(), arguments })
    }

    pub(crate) fn result(registers: &Registers) -> i64 {
        registers.rax.cast_signed()
    }
}

/// A 64-bit ARM processor.
#[cfg(any(test, target_arch = "aarch64"))]
mod aarch64 {
    use super::Call;

    /// `AUDIT_ARCH_AARCH64` (linux/audit.h).
    pub(crate) const AUDIT_ARCH: u32 = 0xc000_00b7;
    /// dup2(2) is made of dup3(2) here.
    pub(crate) const DUP2: Option<i64> = None;
    /// Set in the processor state of 32-bit programs (`PSR_MODE32_BIT`).
    const MODE_32: u64 = 0x10;

    /// The registers that tell of a call.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Registers {
        pub(crate) x: [u64; 31],
        pub(crate) pstate: u64,
    }

    #[cfg(target_arch = "aarch64")]
    impl From<nix::libc::user_regs_struct> for Registers {
        fn from(all: nix::libc::user_regs_struct) -> Registers {
            Registers { x: all.regs, pstate: all.pstate }
        }
    }

    /// What x7 holds at a stop is the kernel's own (ptrace(2) notes whether it is an entry or an exit there).
    pub(crate) fn call(registers: &Registers) -> Option<Call> {
        let [a, b, c, d, e, f, _, _, number, ..] = registers.x;
        let call = Call { number: number.cast_signed(), arguments: [a, b, c, d, e, f] };
        (registers.pstate & MODE_32 == 0).then_some(call)
    }

    pub(crate) fn result(registers: &Registers) -> i64 {
        let [result, ..] = registers.x;
        result.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sendto(3, 0x7f00, 12, 0x4000, 0x7e00, 16)`.
    const SENT: [u64; 6] = [3, 0x7f00, 12, 0x4000, 0x7e00, 16];
    const ECONNRESET: i64 = -104;

    /// Numbers of linux/audit.h, elf-em.h (62 and 183) and asm/unistd_64.h.
    #[test]
    fn a_call_is_read_from_the_registers_of_a_64_bit_pc() {
        let entry = x86_64::Registers { orig_rax: 44, rax: (-38i64).cast_unsigned(), arguments: SENT, cs: 0x33 };
        assert_eq!(x86_64::call(&entry), Some(Call { number: 44, arguments: SENT }));
        assert_eq!(x86_64::call(&x86_64::Registers { cs: 0x23, ..entry }), None, "a 32-bit program");
        let exit = |rax| x86_64::result(&x86_64::Registers { rax, ..entry });
        assert_eq!((exit(12), exit(ECONNRESET.cast_unsigned())), (12, ECONNRESET));
        assert_eq!((x86_64::AUDIT_ARCH, x86_64::DUP2), (62 | 0x8000_0000 | 0x4000_0000, Some(33)));
    }

    #[test]
    fn a_call_is_read_from_the_registers_of_a_64_bit_arm() {
        let mut x = [0xdead; 31];
        x[..6].copy_from_slice(&SENT);
        // asm-generic/unistd.h: sendto is 206. x7 tells an entry (0) from an exit (1).
        (x[7], x[8]) = (0, 206);
        let entry = aarch64::Registers { x, pstate: 0x6000_0000 };
        assert_eq!(aarch64::call(&entry), Some(Call { number: 206, arguments: SENT }));
        assert_eq!(aarch64::call(&aarch64::Registers { pstate: 0x10, ..entry }), None, "a 32-bit program");
        let exit = |result: i64| {
            let mut x = x;
            (x[0], x[7]) = (result.cast_unsigned(), 1);
            aarch64::result(&aarch64::Registers { x, ..entry })
        };
        assert_eq!((exit(12), exit(ECONNRESET)), (12, ECONNRESET));
        assert_eq!((aarch64::AUDIT_ARCH, aarch64::DUP2), (183 | 0x8000_0000 | 0x4000_0000, None));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn dup2_has_the_number_of_the_c_library() {
        assert_eq!(DUP2, Some(nix::libc::SYS_dup2));
    }
}
