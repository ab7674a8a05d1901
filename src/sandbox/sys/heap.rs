//! The heap of libraries in C: what the C library looks up once, looked up before the walls close.
//!
//! When glibc first gives memory of a thread's heap back, it opens `/proc/sys/vm/overcommit_memory` to learn how, and remembers. Behind walls that
//! would end the process, at a moment that nobody can foresee; so a thread gives memory back beforehand.

use std::io::Error;

use libc::c_void;

/// Bytes of a piece: 100 KiB, below what glibc maps by itself, and enough in three pieces that it gives them back.
const PIECE_BYTES: usize = 100 << 10;

/// Lets a thread's heap grow and shrink.
pub(in crate::sandbox) fn warm() -> Result<(), Error> {
    let thread = std::thread::Builder::new().spawn(|| {
        // SAFETY: each piece is given back once, and never written nor read.
        let pieces: [*mut c_void; 4] = std::array::from_fn(|_| unsafe { libc::malloc(PIECE_BYTES) });
        // A compiler that saw the pieces idle would leave them out.
        for piece in std::hint::black_box(pieces).into_iter().rev() {
            // SAFETY: as above; giving back nothing is allowed.
            unsafe { libc::free(piece) };
        }
    })?;
    thread.join().map_err(|_| Error::other("the thread that warms the heap failed"))
}
