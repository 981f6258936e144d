//! Scripts of the runtime that most functions never touch: compiled and run at their first use in an
//! isolate, so that the others start as fast and as small as without them.

use std::sync::OnceLock;

use v8::script_compiler::{CachedData, CompileOptions, NoCacheReason, Source};

use super::{SourceForm, script_origin, v8_string};

/// A script and what V8 made of it when it was first used in this process.
struct LazyScript {
    name: &'static str,
    /// ASCII, so that isolates can share it as it stands here.
    source: &'static str,
    code_cache: OnceLock<Vec<u8>>,
}

/// A list of scripts by name; each is a function of (primordials, host, exports).
macro_rules! lazy_scripts {
    ($($name:literal),* $(,)?) => {
        static SCRIPTS: [LazyScript; [$($name),*].len()] = [$(LazyScript {
            name: $name,
            source: include_str!(concat!("js/", $name, ".js")),
            code_cache: OnceLock::new(),
        }),*];
    };
}

lazy_scripts! {
    "lazy/abort",
    "lazy/absent_modules",
    "lazy/assert",
    "lazy/assert_strict",
    "lazy/base64",
    "lazy/blob",
    "lazy/body",
    "lazy/body_stream",
    "lazy/buffer",
    "lazy/buffer_encodings",
    "lazy/buffer_methods",
    "lazy/buffer_numbers",
    "lazy/buffer_search",
    "lazy/byte_parts",
    "lazy/cache",
    "lazy/chunk_decoder",
    "lazy/collect",
    "lazy/console",
    "lazy/console_table",
    "lazy/crypto",
    "lazy/crypto_bytes",
    "lazy/crypto_cbc",
    "lazy/crypto_ciphers",
    "lazy/crypto_constants",
    "lazy/crypto_curves",
    "lazy/crypto_faults",
    "lazy/crypto_gcm",
    "lazy/crypto_generate",
    "lazy/crypto_hash",
    "lazy/crypto_jwk",
    "lazy/crypto_kdf",
    "lazy/crypto_key",
    "lazy/crypto_key_input",
    "lazy/crypto_key_output",
    "lazy/crypto_keys",
    "lazy/crypto_passwords",
    "lazy/crypto_random",
    "lazy/crypto_rsa",
    "lazy/crypto_sign",
    "lazy/crypto_subtle",
    "lazy/dom_exception",
    "lazy/emitter",
    "lazy/encoding",
    "lazy/errors",
    "lazy/event_target",
    "lazy/events",
    "lazy/faults",
    "lazy/fetch",
    "lazy/fetch_errors",
    "lazy/form_data",
    "lazy/format",
    "lazy/frames",
    "lazy/headers",
    "lazy/http",
    "lazy/http_client",
    "lazy/http_message",
    "lazy/http_modules",
    "lazy/http_socket",
    "lazy/https",
    "lazy/imports",
    "lazy/inspect",
    "lazy/inspect_brands",
    "lazy/inspect_collections",
    "lazy/inspect_errors",
    "lazy/inspect_layout",
    "lazy/inspect_properties",
    "lazy/inspect_reading",
    "lazy/inspect_shapes",
    "lazy/inspect_text",
    "lazy/libraries",
    "lazy/multipart",
    "lazy/node_errors",
    "lazy/os",
    "lazy/path",
    "lazy/performance",
    "lazy/process",
    "lazy/punycode",
    "lazy/querystring",
    "lazy/regexp_flags",
    "lazy/report",
    "lazy/request",
    "lazy/response",
    "lazy/stream",
    "lazy/stream_base",
    "lazy/stream_duplex",
    "lazy/stream_finished",
    "lazy/stream_from",
    "lazy/stream_iterator",
    "lazy/stream_pipe",
    "lazy/stream_pipeline",
    "lazy/stream_promises",
    "lazy/stream_readable",
    "lazy/stream_writable",
    "lazy/string_decoder",
    "lazy/structured_clone",
    "lazy/subtle_aes",
    "lazy/subtle_algorithms",
    "lazy/subtle_jwk",
    "lazy/subtle_keys",
    "lazy/subtle_uses",
    "lazy/text",
    "lazy/timers",
    "lazy/timers_promises",
    "lazy/types",
    "lazy/url",
    "lazy/url_legacy",
    "lazy/url_module",
    "lazy/url_resolve",
    "lazy/url_search_params",
    "lazy/util",
    "lazy/util_equality",
    "lazy/validators",
    "lazy/web_interface",
    "lazy/web_types",
    "lazy/zlib",
    "lazy/zlib_codec",
    "lazy/zlib_constants",
    "lazy/zlib_settings",
    "lazy/zlib_streams",
}

/// The texts of all of them.
pub fn sources() -> impl Iterator<Item = &'static str> {
    SCRIPTS.iter().map(|script| script.source)
}

/// Compiles and runs the script of that name with `arguments`. `None` with an exception pending when it
/// throws, which of its own it does only at an isolate's limits, and when there is no such script.
pub fn run<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    name: &str,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Option<()> {
    let script = SCRIPTS.iter().find(|script| script.name == name)?;
    let unbound = compile(scope, script)?;
    let function = unbound.bind_to_current_context(scope).run(scope)?;
    let function = v8::Local::<v8::Function>::try_from(function).ok()?;
    function.call(scope, v8::undefined(scope).into(), arguments)?;
    // Only now, so that what the script's own run compiled is in it.
    script.code_cache.get_or_init(|| {
        let cache = unbound.create_code_cache();
        cache.map(|cache| cache.to_vec()).unwrap_or_default()
    });
    Some(())
}

fn compile<'s>(
    scope: &v8::PinScope<'s, '_>,
    script: &LazyScript,
) -> Option<v8::Local<'s, v8::UnboundScript>> {
    let name = v8_string(scope, &format!("penstock:runtime/{}.js", script.name))?;
    let origin = script_origin(scope, name, SourceForm::Script);
    let text = v8::String::new_external_onebyte_static(scope, script.source.as_bytes())?;
    let (mut source, options) = with_cache(text, &origin, &script.code_cache);
    v8::script_compiler::compile_unbound_script(
        scope,
        &mut source,
        options,
        NoCacheReason::NoReason,
    )
}

/// What V8 is to compile, with what it made of the text before, if it did.
pub fn with_cache<'s>(
    text: v8::Local<'s, v8::String>,
    origin: &v8::ScriptOrigin<'s>,
    cache: &OnceLock<Vec<u8>>,
) -> (Source, CompileOptions) {
    match cache.get() {
        Some(cache) => (
            Source::new_with_cached_data(text, Some(origin), CachedData::new(cache)),
            CompileOptions::ConsumeCodeCache,
        ),
        None => (
            Source::new(text, Some(origin)),
            CompileOptions::NoCompileOptions,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_can_be_shared_as_one_byte_a_character() {
        for script in &SCRIPTS {
            assert!(script.source.is_ascii(), "{} is not ASCII", script.name);
        }
    }
}
