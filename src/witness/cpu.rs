//! What differs between processors: how a stopped thread's system call is read from its registers.

use nix::sys::ptrace;
use nix::unistd::Pid;

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
    ptrace::getregs(thread).map(|registers| machine::call(&registers))
}

/// What the call returned at whose exit this thread stands; a negative number is an errno.
///
/// # Errors
/// If the thread is gone.
pub(super) fn result(thread: Pid) -> nix::Result<i64> {
    ptrace::getregs(thread).map(|registers| machine::result(&registers))
}

#[cfg(target_arch = "x86_64")]
mod machine {
    use nix::libc::{self, user_regs_struct};

    use super::Call;

    /// `AUDIT_ARCH_X86_64` (linux/audit.h).
    pub(crate) const AUDIT_ARCH: u32 = 0xc000_003e;
    /// The number of dup2(2).
    pub(crate) const DUP2: Option<i64> = Some(libc::SYS_dup2);
    /// The code segment of 64-bit programs (`__USER_CS`).
    const CODE_64: u64 = 0x33;

    pub(crate) fn call(registers: &user_regs_struct) -> Option<Call> {
        let user_regs_struct { orig_rax, rdi, rsi, rdx, r10, r8, r9, cs, .. } = *registers;
        let call = Call { number: orig_rax.cast_signed(), arguments: [rdi, rsi, rdx, r10, r8, r9] };
        (cs == CODE_64).then_some(call)
    }

    pub(crate) fn result(registers: &user_regs_struct) -> i64 {
        registers.rax.cast_signed()
    }
}

#[cfg(target_arch = "aarch64")]
mod machine {
    use nix::libc::user_regs_struct;

    use super::Call;

    /// `AUDIT_ARCH_AARCH64` (linux/audit.h).
    pub(crate) const AUDIT_ARCH: u32 = 0xc000_00b7;
    /// dup2(2) is made of dup3(2) here.
    pub(crate) const DUP2: Option<i64> = None;
    /// Set in the processor state of 32-bit programs (`PSR_MODE32_BIT`).
    const MODE_32: u64 = 0x10;

    pub(crate) fn call(registers: &user_regs_struct) -> Option<Call> {
        let [a, b, c, d, e, f, _, _, number, ..] = registers.regs;
        let call = Call { number: number.cast_signed(), arguments: [a, b, c, d, e, f] };
        (registers.pstate & MODE_32 == 0).then_some(call)
    }

    pub(crate) fn result(registers: &user_regs_struct) -> i64 {
        let [result, ..] = registers.regs;
        result.cast_signed()
    }
}
