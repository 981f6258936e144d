//! Compiles the API's proto with protox, so that no protoc is needed; and sees whether there are libraries to test.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    note_built_libraries();
    let file_descriptors = protox::compile(["penstock/executor/v1/executor.proto"], ["proto"])?;
    let descriptor_path = PathBuf::from(env::var("OUT_DIR")?).join("executor_descriptor.bin");
    std::fs::write(&descriptor_path, prost_bytes(&file_descriptors))?;
    tonic_prost_build::configure()
        .build_transport(false)
        // They hold settings; `src/api.rs` prints them without.
        .skip_debug([
            ".penstock.executor.v1.InvokeRequest",
            ".penstock.executor.v1.InvokeBatchRequest",
        ])
        .bytes(".")
        .extern_path(".google.protobuf.Struct", "crate::api::WireStruct")
        .codec_path("crate::front::grpc::codec::SizedCodec")
        .compile_fds(file_descriptors)?;
    Ok(())
}

/// Tests of libraries are for where `libs/build.mjs` has built them; elsewhere cargo counts them as ignored.
fn note_built_libraries() {
    println!("cargo::rustc-check-cfg=cfg(libraries_built)");
    println!("cargo::rerun-if-changed=libs/dist");
    if Path::new("libs/dist/manifest.json").exists() {
        println!("cargo::rustc-cfg=libraries_built");
    }
}

fn prost_bytes(message: &impl prost::Message) -> Vec<u8> {
    message.encode_to_vec()
}
