//! The program `vestibule`.

/// Half of what the system's allocator costs, and memory of one message does not lie beside that of another of a different size.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    vestibule::cli::main()
}
