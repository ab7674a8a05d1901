//! Frames, hellos and receipts: whatever decodes encodes to the same bytes, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule::link::Receipt;
use vestibule::link::wire::{self, Hello, Sizes};

fuzz_target!(|bytes: &[u8]| {
    let sizes = Sizes { header_bytes_max: 65_536, body_bytes_max: 1_048_576 };
    if let Ok(frame) = wire::decode(bytes, sizes) {
        let again = [wire::encode_head(&frame.header, &frame.body).expect("what decodes encodes"), frame.body].concat();
        assert_eq!(again, bytes, "a frame has two encodings");
    }
    if let Ok(header) = wire::decode_header(bytes) {
        assert_eq!(wire::encode_header(&header).expect("what decodes encodes"), bytes, "a header has two encodings");
    }
    if let Ok(hello) = Hello::decode(bytes) {
        assert_eq!(hello.encode(), bytes, "a hello has two encodings");
    }
    if let Ok(receipt) = Receipt::decode(bytes) {
        assert_eq!(receipt.encode(), bytes, "a receipt has two encodings");
    }
});
