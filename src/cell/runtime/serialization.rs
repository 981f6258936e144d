//! Values as bytes, and back in the same or another isolate of this process.

/// Refuses what V8 can't write.
struct Plain;

impl v8::ValueSerializerImpl for Plain {
    fn throw_data_clone_error<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        message: v8::Local<'s, v8::String>,
    ) {
        let error = v8::Exception::type_error(scope, message);
        scope.throw_exception(error);
    }
}

impl v8::ValueDeserializerImpl for Plain {}

/// Writes a value that `cloneWithin` of `structured_clone.js` made, which bounds how many bytes it becomes:
/// V8 writes into memory that counts for no isolate, and equal strings as often as they occur. `None` with
/// an exception pending when V8 refuses.
pub fn serialize(
    scope: &mut v8::PinScope<'_, '_>,
    value: v8::Local<'_, v8::Value>,
) -> Option<Vec<u8>> {
    use v8::ValueSerializerHelper as _;
    let context = scope.get_current_context();
    let serializer = v8::ValueSerializer::new(scope, Box::new(Plain));
    serializer.write_header();
    match serializer.write_value(context, value) {
        Some(true) => Some(serializer.release()),
        _ => None,
    }
}

/// Reads what [`serialize`] wrote. `None` with an exception pending when there is no memory for it.
pub fn deserialize<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    bytes: &[u8],
) -> Option<v8::Local<'s, v8::Value>> {
    use v8::ValueDeserializerHelper as _;
    let context = scope.get_current_context();
    let deserializer = v8::ValueDeserializer::new(scope, Box::new(Plain), bytes);
    if deserializer.read_header(context) != Some(true) {
        return None;
    }
    deserializer.read_value(context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{isolate::Engine, libraries::Libraries};

    fn evaluate<'s>(
        scope: &mut v8::PinScope<'s, '_>,
        source: &str,
    ) -> Option<v8::Local<'s, v8::Value>> {
        let source = v8::String::new(scope, source)?;
        v8::Script::compile(scope, source, None)?.run(scope)
    }

    #[test]
    fn a_value_comes_back_in_another_isolate() {
        let _v8 = Engine::start(64 << 20, Libraries::default()).unwrap();
        let bytes = {
            let isolate = &mut v8::Isolate::new(v8::CreateParams::default());
            v8::scope!(let scope, isolate);
            let context = v8::Context::new(scope, v8::ContextOptions::default());
            let scope = &mut v8::ContextScope::new(scope, context);
            v8::tc_scope!(let scope, scope);
            let function = evaluate(scope, "(function () {})").unwrap();
            assert!(serialize(scope, function).is_none() && scope.has_caught());
            let value =
                "({ at: new Date(7), all: new Map([['é', new Uint8Array([1, 2])]]), big: 5n })";
            let value = evaluate(scope, value).unwrap();
            serialize(scope, value).unwrap()
        };
        let isolate = &mut v8::Isolate::new(v8::CreateParams::default());
        v8::scope!(let scope, isolate);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        v8::tc_scope!(let scope, scope);
        let value = deserialize(scope, &bytes).unwrap();
        let check = "(v => [v.at.getTime(), [...v.all.keys()], [...v.all.get('é')], v.big] + '')";
        let check = evaluate(scope, check).unwrap();
        let check = v8::Local::<v8::Function>::try_from(check).unwrap();
        let undefined = v8::undefined(scope).into();
        let text = check.call(scope, undefined, &[value]).unwrap();
        assert_eq!(text.to_rust_string_lossy(scope), "7,é,1,2,5");
        assert!(deserialize(scope, &bytes[..bytes.len() / 2]).is_none());
    }
}
