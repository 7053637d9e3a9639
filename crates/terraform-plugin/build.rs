//! Generates the plugin protocol's Rust code from `proto/`, without protoc.

use std::error::Error;
use std::path::PathBuf;

/// The repository's `proto/`, which does not belong to one crate.
const DIRECTORY: &str = "../../proto";

const FILES: [&str; 2] = ["tfplugin6.proto", "goplugin.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={DIRECTORY}/{file}");
    }
    let mut compiler = protox::Compiler::new([DIRECTORY])?;
    compiler.include_source_info(true).include_imports(true).open_files(FILES)?;

    // For the test that compares the files with the wire facts.
    let descriptors = PathBuf::from(std::env::var("OUT_DIR")?).join("descriptors.bin");
    std::fs::write(descriptors, compiler.encode_file_descriptor_set())?;

    tonic_prost_build::configure()
        // Ordered maps, so that equal responses have equal bytes.
        .btree_map(".")
        // Their bytes may be secret; `protocol/tfplugin6.rs` implements `Debug`.
        .skip_debug(["tfplugin6.DynamicValue", "tfplugin6.RawState"])
        .generate_default_stubs(true)
        // Clients are for tests, which supply their own connections.
        .build_transport(false)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
