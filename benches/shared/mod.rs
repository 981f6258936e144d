//! What benchmarks share: the load and the work it asks for, which cores they run on, what they read and how they print it.

pub mod figures;
pub mod grpc;
pub mod http;
pub mod load;
pub mod pinning;
pub mod usage;
pub mod work;
