//! Layers that are large when unpacked, and small to push.

use flate2::{Compress, Compression, Crc, FlushCompress};

/// One gzip member of `mib` MiB of zeros, without compressing that much: deflate resets at a full flush, so the same compressed
/// MiB can be repeated.
pub fn gzip_zeros(mib: usize) -> Vec<u8> {
    let chunk = vec![0; 1 << 20];
    let mut deflate = Compress::new(Compression::best(), false);
    let mut compressed = Vec::with_capacity(1 << 20);
    deflate.compress_vec(&chunk, &mut compressed, FlushCompress::Full).unwrap();
    assert_eq!(deflate.total_in(), 1 << 20);
    let (mut crc, mut chunk_crc) = (Crc::new(), Crc::new());
    chunk_crc.update(&chunk);
    let mut blob = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for _ in 0..mib {
        blob.extend(&compressed);
        crc.combine(&chunk_crc);
    }
    blob.extend([3, 0]); // The last block, empty.
    blob.extend(crc.sum().to_le_bytes());
    blob.extend(((mib << 20) as u32).to_le_bytes());
    blob
}
