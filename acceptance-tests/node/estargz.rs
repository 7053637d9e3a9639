//! An eStargz encoder for these tests, by the specification: a gzip member for each entry, a table of contents, and a footer.
//!
//! Source: <https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md>.

use serde_json::json;

use crate::archives::gzip;

/// Files as an eStargz blob, and the tar archive inside.
pub fn estargz(files: &[(String, Vec<u8>)]) -> (Vec<u8>, Vec<u8>) {
    let (mut blob, mut archive, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for (name, content) in files {
        let entry = entry(name, content);
        entries.push(json!({
            "name": name, "type": "reg", "size": content.len(), "modtime": "2024-01-01T00:00:00Z", "mode": 33188,
            "offset": blob.len(), "digest": crate::docker_registry::digest(content),
            "chunkDigest": crate::docker_registry::digest(content),
        }));
        blob.extend(gzip(&entry));
        archive.extend(entry);
    }
    let table_at = blob.len();
    let table = serde_json::to_vec(&json!({ "version": 1, "entries": entries })).unwrap();
    let table = [entry("stargz.index.json", &table), vec![0; 1024]].concat();
    blob.extend(gzip(&table));
    archive.extend(table);
    blob.extend(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0");
    blob.extend(format!("{table_at:016x}STARGZ").as_bytes());
    blob.extend(b"\x01\0\0\xff\xff\0\0\0\0\0\0\0\0");
    (blob, archive)
}

fn entry(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[108..115].copy_from_slice(b"0000000");
    header[116..123].copy_from_slice(b"0000000");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[136..147].copy_from_slice(b"14543300000");
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut entry = header.to_vec();
    entry.extend(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}
